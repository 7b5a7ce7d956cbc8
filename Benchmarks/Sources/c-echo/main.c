// The yardstick: an echo server on raw epoll, in one file of C. Prints "listening on 127.0.0.1:PORT" first.
//
// It does what any server with length-prefixed messages has to do and nothing else: it reads once when a socket is
// ready, finds the whole frames, copies each into the reply, and sends all replies of the burst with one call. Memory to
// read into and to reply from is shared; a connection has memory of its own only while a frame is cut or a peer is slow.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, LIMIT = 16 << 20, HIGH_MARK = 256 << 10 };

struct bytes {
  uint8_t *base;
  size_t start, end, room;
};

struct connection {
  int fd;
  uint32_t watched;
  struct bytes in, out;
};

static int epoll;
static uint8_t chunk[CHUNK];
static struct bytes reply;

static void reserve(struct bytes *b, size_t count) {
  if (b->room - b->end >= count) return;
  size_t live = b->end - b->start;
  if (live + count <= b->room && live <= b->start) {
    memmove(b->base, b->base + b->start, live);
  } else {
    size_t room = b->room * 2 > live + count ? b->room * 2 : live + count;
    uint8_t *base = malloc(room);
    if (!base) abort();
    if (live) memcpy(base, b->base + b->start, live);
    free(b->base);
    b->base = base;
    b->room = room;
  }
  b->start = 0;
  b->end = live;
}

static void append(struct bytes *b, const uint8_t *from, size_t count) {
  reserve(b, count);
  memcpy(b->base + b->end, from, count);
  b->end += count;
}

static void drop(struct bytes *b) {
  free(b->base);
  memset(b, 0, sizeof *b);
}

static void watch(struct connection *c, uint32_t events) {
  if (c->watched == events) return;
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(epoll, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &event);
  c->watched = events;
}

static void finish(struct connection *c) {
  close(c->fd);
  drop(&c->in);
  drop(&c->out);
  free(c);
}

// Copies the whole frames at the front into the reply; answers how many bytes they have, or -1.
static ssize_t echo(const uint8_t *bytes, size_t count) {
  size_t at = 0;
  while (count - at >= 4) {
    uint32_t length;
    memcpy(&length, bytes + at, 4);
    length = ntohl(length);
    if (length > LIMIT) return -1;
    if (count - at - 4 < length) break;
    append(&reply, bytes + at, 4 + (size_t)length);
    at += 4 + (size_t)length;
  }
  return (ssize_t)at;
}

// Sends what it can; answers -1 if the peer has gone.
static int send_some(struct connection *c, struct bytes *b) {
  while (b->start < b->end) {
    ssize_t sent = send(c->fd, b->base + b->start, b->end - b->start, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? 0 : -1;
    b->start += (size_t)sent;
  }
  b->start = b->end = 0;
  return 0;
}

static int readable(struct connection *c) {
  size_t unread = c->in.end - c->in.start;
  ssize_t got, used;
  if (unread == 0) {
    got = recv(c->fd, chunk, CHUNK, 0);
    if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
    used = echo(chunk, (size_t)got);
    if (used < 0) return -1;
    if (used < got) append(&c->in, chunk + used, (size_t)(got - used));
  } else {
    reserve(&c->in, unread < CHUNK ? CHUNK : unread);
    got = recv(c->fd, c->in.base + c->in.end, c->in.room - c->in.end, 0);
    if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
    c->in.end += (size_t)got;
    used = echo(c->in.base + c->in.start, c->in.end - c->in.start);
    if (used < 0) return -1;
    c->in.start += (size_t)used;
    if (c->in.start == c->in.end) drop(&c->in);
  }
  if (c->out.end > c->out.start) {
    append(&c->out, reply.base, reply.end);
    reply.start = reply.end = 0;
    return send_some(c, &c->out);
  }
  if (send_some(c, &reply)) return -1;
  if (reply.start < reply.end) {
    append(&c->out, reply.base + reply.start, reply.end - reply.start);
    reply.start = reply.end = 0;
  }
  return 0;
}

int main(void) {
  // As the other servers keep their buffers, this one keeps freed memory instead of giving it back each time.
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1024)) return perror("listen"), 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);

  epoll = epoll_create1(0);
  struct epoll_event first = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      if (!c) {
        int fd;
        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          if (!(c = calloc(1, sizeof *c))) abort();
          c->fd = fd;
          watch(c, EPOLLIN);
        }
        continue;
      }
      int over = 0;
      if (events[i].events & EPOLLOUT) over = send_some(c, &c->out);
      if (!over && (events[i].events & ~EPOLLOUT)) over = readable(c);
      size_t waiting = c->out.end - c->out.start;
      if (over) {
        finish(c);
      } else if (waiting == 0) {
        if (c->out.base) drop(&c->out);
        watch(c, EPOLLIN);
      } else {
        // A peer that does not read is not read from.
        watch(c, EPOLLOUT | (waiting < HIGH_MARK ? EPOLLIN : 0));
      }
    }
  }
}
