// The load: a client of echo servers on raw epoll, cheap, and independent of what is measured.
//
//   c-load PORT CONNECTIONS SIZE DEPTH MILLISECONDS
//
// Keeps DEPTH messages of SIZE bytes in flight on each connection, checks every byte that comes back, and prints one
// line: messages, seconds, own CPU seconds, and the 50th, 99th and 99.9th percentile of the latency in microseconds.
// Exits with 1 if a byte is wrong or a server goes away. With MILLISECONDS 0, each connection sends DEPTH messages, then
// all stay open: it prints its line and waits for the end of its standard input.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Message n is a window into one run of characters, n further: neighbours differ, and nothing has to be kept.
enum { PERIOD = 8191, CHUNK = 256 << 10 };

struct connection {
  int fd, is_writable_watched;
  uint64_t sent, received;     // whole messages
  size_t sent_of, received_of;  // bytes of the frame behind them
  uint64_t *departures;        // in a ring of DEPTH
};

static int port, connections, depth, epoll;
static size_t size;
static uint8_t header[4], *pattern, chunk[CHUNK];
static uint64_t end_of_sending, messages, histogram[64 * 64];
static int is_single;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void record(uint64_t ns) {
  int width = ns ? 64 - __builtin_clzll(ns) : 0, shift = width > 6 ? width - 6 : 0;
  histogram[shift * 64 + (ns >> shift)]++;
}

static double percentile(double percent) {
  uint64_t rank = (uint64_t)((double)messages * percent / 100), seen = 0;
  for (int i = 0; i < 64 * 64; i++)
    if ((seen += histogram[i]) > rank) return (double)((uint64_t)(i % 64) << (i / 64)) / 1000;
  return 0;
}

static void fail(const char *what, struct connection *c) {
  fprintf(stderr, "c-load: %s in reply %llu\n", what, (unsigned long long)c->received + 1);
  exit(1);
}

static const uint8_t *window(struct connection *c, uint64_t number) {
  return pattern + (number + 31 * (uint64_t)c->fd) % PERIOD;
}

static void watch(struct connection *c, int writable, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll, operation, c->fd, &event);
  c->is_writable_watched = writable;
}

// Sends as many messages as may be in flight: small ones joined, of a large one as much as is taken.
static void fill(struct connection *c, uint64_t time) {
  int is_full = 0;
  while (!is_full) {
    size_t count = 0;
    struct connection next = *c;
    while (count < CHUNK) {
      if (next.sent_of == 0) {
        uint64_t most = is_single ? (uint64_t)depth : next.received + (uint64_t)depth;
        if (next.sent >= most || (!is_single && time >= end_of_sending)) break;
        c->departures[next.sent % (uint64_t)depth] = time;
      }
      size_t left = 4 + size - next.sent_of, room = CHUNK - count, part = left < room ? left : room;
      size_t in_header = next.sent_of < 4 ? 4 - next.sent_of : 0;
      if (in_header > part) in_header = part;
      memcpy(chunk + count, header + next.sent_of, in_header);
      memcpy(chunk + count + in_header, window(c, next.sent) + next.sent_of + in_header - 4, part - in_header);
      count += part;
      next.sent_of += part;
      if (next.sent_of == 4 + size) next.sent++, next.sent_of = 0;
    }
    if (count == 0) break;
    ssize_t taken = send(c->fd, chunk, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno != EAGAIN) fail("send failed", c);
    if (taken < 0) taken = 0;
    is_full = (size_t)taken < count;
    size_t bytes = c->sent_of + (size_t)taken;
    c->sent += bytes / (4 + size);
    c->sent_of = bytes % (4 + size);
  }
  if (is_full != c->is_writable_watched) watch(c, is_full, EPOLL_CTL_MOD);
}

static void check(struct connection *c, size_t count, uint64_t time) {
  for (size_t at = 0; at < count;) {
    if (c->received_of < 4) {
      if (chunk[at++] != header[c->received_of++]) fail("a wrong length", c);
    } else {
      size_t left = 4 + size - c->received_of, part = left < count - at ? left : count - at;
      if (memcmp(chunk + at, window(c, c->received) + c->received_of - 4, part)) fail("a wrong byte", c);
      at += part;
      c->received_of += part;
    }
    if (c->received_of == 4 + size) {
      if (c->received >= c->sent) fail("more than was sent", c);
      record(time - c->departures[c->received % (uint64_t)depth]);
      c->received++;
      c->received_of = 0;
      messages++;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "usage: c-load PORT CONNECTIONS SIZE DEPTH MILLISECONDS\n"), 64;
  port = atoi(argv[1]), connections = atoi(argv[2]), size = (size_t)atol(argv[3]), depth = atoi(argv[4]);
  uint64_t duration = (uint64_t)atol(argv[5]) * 1000000;
  is_single = duration == 0;
  uint32_t length = htonl((uint32_t)size);
  memcpy(header, &length, 4);
  pattern = malloc(size + PERIOD);
  uint64_t state = 1;
  for (size_t i = 0; i < size + PERIOD; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    pattern[i] = (uint8_t)(state >> 33);
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  epoll = epoll_create1(0);
  struct connection *all = calloc((size_t)connections, sizeof *all);
  for (int i = 0, on = 1; i < connections; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    // A few thousand for each address of this machine, whose ports would run out otherwise.
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i / 8192)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own)
        || connect(fd, (struct sockaddr *)&address, sizeof address))
      return perror("c-load: connect"), 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    all[i].fd = fd;
    all[i].departures = calloc((size_t)depth, sizeof(uint64_t));
    watch(&all[i], 0, EPOLL_CTL_ADD);
  }
  uint64_t start = now(), last = start;
  end_of_sending = start + duration;
  for (int i = 0; i < connections; i++) fill(&all[i], now());

  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, 10000);
    if (count == 0) return fprintf(stderr, "c-load: no reply for 10 seconds\n"), 1;
    uint64_t time = now();
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      if (events[i].events & ~(uint32_t)EPOLLOUT) {
        ssize_t got = recv(c->fd, chunk, CHUNK, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) fail("the server closed the connection", c);
        if (got > 0) check(c, (size_t)got, last = now());
      }
      fill(c, time);
    }
    if (is_single) {
      if (messages == (uint64_t)connections * (uint64_t)depth) break;
    } else if (time >= end_of_sending) {
      int is_quiet = 1;
      for (int i = 0; i < connections && is_quiet; i++)
        is_quiet = all[i].sent == all[i].received && all[i].sent_of == 0;
      if (is_quiet) break;
    }
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  printf("%llu %.6f %.6f %.2f %.2f %.2f\n", (unsigned long long)messages, (double)(last - start) / 1e9, cpu,
         percentile(50), percentile(99), percentile(99.9));
  fflush(stdout);
  if (is_single)
    while (getchar() != EOF) {}
  return 0;
}
