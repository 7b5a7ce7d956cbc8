#include "decoders.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 16 << 20 };

static void append(struct c_decoder *d, const uint8_t *chunk, size_t count) {
  if (d->room - d->end < count) {
    size_t live = d->end - d->start;
    if (live + count <= d->room && live <= d->start) {
      memmove(d->base, d->base + d->start, live);
    } else {
      d->room = d->room * 2 > live + count ? d->room * 2 : live + count;
      uint8_t *base = malloc(d->room);
      if (!base) abort();
      if (live) memcpy(base, d->base + d->start, live);
      free(d->base);
      d->base = base;
    }
    d->start = 0;
    d->end = live;
  }
  memcpy(d->base + d->end, chunk, count);
  d->end += count;
}

static void tell(struct c_tally *tally, const uint8_t *message, size_t count) {
  tally->messages++;
  tally->bytes += count;
  if (count) tally->sum += message[0] + 3u * message[count - 1];
}

static void took(struct c_decoder *d) {
  if (d->start == d->end) d->start = d->end = 0;
}

int c_decode_length_prefixed(struct c_decoder *d, const uint8_t *chunk, size_t count, struct c_tally *tally) {
  append(d, chunk, count);
  while (d->end - d->start >= 4) {
    uint32_t length;
    memcpy(&length, d->base + d->start, 4);
    length = __builtin_bswap32(length);
    if (length > LIMIT) return -1;
    if (d->end - d->start - 4 < length) break;
    tell(tally, d->base + d->start + 4, length);
    d->start += 4 + (size_t)length;
  }
  took(d);
  return 0;
}

int c_decode_lines(struct c_decoder *d, const uint8_t *chunk, size_t count, struct c_tally *tally) {
  append(d, chunk, count);
  const uint8_t *end;
  while (d->start + d->searched < d->end
         && (end = memchr(d->base + d->start + d->searched, '\n', d->end - d->start - d->searched))) {
    const uint8_t *line = d->base + d->start;
    size_t length = (size_t)(end - line);
    tell(tally, line, length && end[-1] == '\r' ? length - 1 : length);
    d->start += length + 1;
    d->searched = 0;
  }
  d->searched = d->end - d->start;
  took(d);
  return 0;
}

void c_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void c_decoder_free(struct c_decoder *d) {
  free(d->base);
  memset(d, 0, sizeof *d);
}
