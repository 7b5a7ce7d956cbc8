#pragma once

#include <stddef.h>
#include <stdint.h>

/// What C decodes with: a buffer that bytes are appended to and whole messages are taken from, as ``FrameDecoder``.
struct c_decoder {
  uint8_t *base;
  size_t start, end, room;
  /// Up to where no line end is, behind `start`.
  size_t searched;
};

/// What was found, so that nothing can be left out: the number of messages, their bytes, and a sum over their ends.
struct c_tally {
  uint64_t messages, bytes, sum;
};

/// Appends a chunk and takes every message with a 4-byte big-endian length that is whole; -1 for one over the limit.
int c_decode_length_prefixed(struct c_decoder *, const uint8_t *chunk, size_t count, struct c_tally *);
/// Appends a chunk and takes every line that is whole, without LF and a CR before it.
int c_decode_lines(struct c_decoder *, const uint8_t *chunk, size_t count, struct c_tally *);
/// Frees the memory.
void c_decoder_free(struct c_decoder *);

/// Has the process keep what is freed, as servers keep their buffers: no decoder pays for pages that another has given back.
void c_keep_freed_memory(void);
