// The C library as the transport needs it, in one place for all platforms.
//
// Swift's importer does not see epoll, eventfd, accept4, and what is a macro; the types of constants differ between
// Glibc, Musl and Darwin; and `errno` may be overwritten between a call and the next line of Swift.
// Hence each call here answers one word: its result, or the negated error number.

#ifndef CSYSTEM_SHIMS_H
#define CSYSTEM_SHIMS_H

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>

static inline long csys_result(long result) { return result < 0 ? -(long)errno : result; }

// MARK: Addresses, without the many shapes of sockaddr

enum { CSYS_IPV4 = 4, CSYS_IPV6 = 6, CSYS_UNIX = 1, CSYS_UNKNOWN = 0 };
enum { CSYS_PATH_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) };

struct csys_address {
  int family;
  uint16_t port;
  uint32_t scope;
  uint8_t bytes[16];
  uint16_t path_length;
  char path[CSYS_PATH_MAX];
};

socklen_t csys_to_sockaddr(const struct csys_address *from, struct sockaddr_storage *to);
void csys_from_sockaddr(const struct sockaddr_storage *from, socklen_t length, struct csys_address *to);

// Looks a host up, which may wait. Answers how many addresses were stored, or a negated EAI_ code.
int csys_resolve(const char *host, uint16_t port, struct csys_address *to, int capacity);
const char *csys_resolve_reason(int result);

static inline int csys_parse_ipv4(const char *text, uint8_t *bytes) { return inet_pton(AF_INET, text, bytes) == 1; }
static inline int csys_parse_ipv6(const char *text, uint8_t *bytes) { return inet_pton(AF_INET6, text, bytes) == 1; }
static inline void csys_print_ipv6(const uint8_t *bytes, char *text, int capacity) {
  inet_ntop(AF_INET6, bytes, text, (socklen_t)capacity);
}

// MARK: Files that Unix sockets leave in the file system

struct csys_file {
  uint64_t device;
  uint64_t inode;
  int is_socket;
};

// What is at `path` itself, not at what a symbolic link points to.
static inline long csys_file_status(const char *path, struct csys_file *to) {
  struct stat status;
  long result = csys_result(lstat(path, &status));
  if (result == 0) {
    to->device = (uint64_t)status.st_dev;
    to->inode = (uint64_t)status.st_ino;
    to->is_socket = S_ISSOCK(status.st_mode) ? 1 : 0;
  }
  return result;
}
static inline long csys_unlink(const char *path) { return csys_result(unlink(path)); }

// MARK: Sockets: non-blocking, closed on exec, and never a SIGPIPE

long csys_socket(int family);
long csys_accept(int descriptor, struct csys_address *peer);

static inline long csys_bind(int descriptor, const struct csys_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = csys_to_sockaddr(address, &storage);
  return csys_result(bind(descriptor, (struct sockaddr *)&storage, length));
}
static inline long csys_connect(int descriptor, const struct csys_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = csys_to_sockaddr(address, &storage);
  return csys_result(connect(descriptor, (struct sockaddr *)&storage, length));
}
static inline long csys_local_address(int descriptor, struct csys_address *to) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  long result = csys_result(getsockname(descriptor, (struct sockaddr *)&storage, &length));
  if (result >= 0) csys_from_sockaddr(&storage, length, to);
  return result;
}
// Whether the socket is connected: to whom does not matter.
static inline long csys_is_connected(int descriptor) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  return csys_result(getpeername(descriptor, (struct sockaddr *)&storage, &length));
}
static inline long csys_listen(int descriptor, int backlog) { return csys_result(listen(descriptor, backlog)); }
#if defined(MSG_NOSIGNAL)
#define CSYS_SEND_FLAGS MSG_NOSIGNAL
#else
#define CSYS_SEND_FLAGS 0 // SO_NOSIGPIPE is set when the socket is made.
#endif
#if defined(__linux__) && defined(SYS_recvfrom) && defined(SYS_sendto) && !defined(CSYS_CALL_BY_LIBRARY)
#define CSYS_CALL_DIRECTLY
// Past the C library, what is called for each message: another thread may cancel its `recv`, `send` and `epoll_wait`, for
// which they prepare with two locked instructions each once a program has threads. Nobody cancels the thread of an event
// loop. The sanitizers watch the library's, and Scripts/sanitize has them called.
static inline long csys_receive(int descriptor, void *buffer, size_t count) {
  return csys_result(syscall(SYS_recvfrom, (long)descriptor, buffer, count, 0L, 0L, 0L));
}
static inline long csys_send(int descriptor, const void *buffer, size_t count) {
  return csys_result(syscall(SYS_sendto, (long)descriptor, buffer, count, (long)CSYS_SEND_FLAGS, 0L, 0L));
}
#else
static inline long csys_receive(int descriptor, void *buffer, size_t count) {
  return csys_result(recv(descriptor, buffer, count, 0));
}
static inline long csys_send(int descriptor, const void *buffer, size_t count) {
  return csys_result(send(descriptor, buffer, count, CSYS_SEND_FLAGS));
}
#endif
static inline long csys_shutdown_writing(int descriptor) { return csys_result(shutdown(descriptor, SHUT_WR)); }
static inline long csys_close(int descriptor) { return csys_result(close(descriptor)); }

// Whether an accepted TCP socket surely has the options of the one that accepted it.
#if defined(__linux__)
enum { CSYS_TCP_INHERITS = 1 };
#else
enum { CSYS_TCP_INHERITS = 0 };
#endif

static inline long csys_set_option(int descriptor, int level, int name, int value) {
  return csys_result(setsockopt(descriptor, level, name, &value, sizeof value));
}
static inline long csys_reuse_address(int descriptor) { return csys_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1); }
// A peer that has gone without a word is found after `milliseconds`: while nothing is to be sent by keepalive probes, which
// begin after half of that time, and while something is by the limit on the time that it stays unacknowledged. Either
// alone leaves a hole: probes stop while data waits.
static inline long csys_dead_peer(int descriptor, int milliseconds) {
  int half = milliseconds / 2000 > 0 ? milliseconds / 2000 : 1;
  int sixth = milliseconds / 6000 > 0 ? milliseconds / 6000 : 1;
  long result = csys_set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
#if defined(__APPLE__)
  if (result == 0) { result = csys_set_option(descriptor, IPPROTO_TCP, TCP_KEEPALIVE, half); }
  if (result == 0) {
    int seconds = milliseconds / 1000 > 0 ? milliseconds / 1000 : 1;
    result = csys_set_option(descriptor, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, seconds);
  }
#else
  if (result == 0) { result = csys_set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, half); }
  if (result == 0) { result = csys_set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, milliseconds); }
#endif
  if (result == 0) { result = csys_set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, sixth); }
  if (result == 0) { result = csys_set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3); }
  return result;
}
static inline long csys_no_delay(int descriptor) { return csys_set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1); }
static inline long csys_ipv6_only(int descriptor, int value) {
  return csys_set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, value);
}
static inline long csys_reuse_port(int descriptor) { return csys_set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1); }
static inline long csys_send_buffer(int descriptor, int bytes) {
  return csys_set_option(descriptor, SOL_SOCKET, SO_SNDBUF, bytes);
}
static inline long csys_receive_buffer(int descriptor, int bytes) {
  return csys_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, bytes);
}
static inline long csys_reset_on_close(int descriptor) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  return csys_result(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}
// The error that a socket has met, once: reading it clears it.
static inline long csys_take_error(int descriptor) {
  int value = 0;
  socklen_t length = sizeof value;
  long result = csys_result(getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length));
  return result < 0 ? result : -(long)value;
}
// The bytes that have come and were not read, and those that were sent and not acknowledged by the peer's system.
long csys_unread(int descriptor);
long csys_unacknowledged(int descriptor);
static inline int csys_is_open(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

// MARK: Waiting
//
// Timeouts are nanoseconds, rounded up to what the call counts in; below zero is without end.

// What is asked of a descriptor and what is answered: the bits of poll, whatever the call.
enum {
  CSYS_READABLE = POLLIN,
  CSYS_WRITABLE = POLLOUT,
  CSYS_HANG_UP = POLLHUP | POLLERR,
  CSYS_NOT_OPEN = POLLNVAL,
};

// What this system has. The calls that it does not have answer ENOSYS.
// And the first descriptor that `select` cannot watch: Linux takes bitmaps of any size.
#if defined(__linux__)
enum { CSYS_HAS_EPOLL = 1, CSYS_HAS_KQUEUE = 0, CSYS_SELECT_END = INT32_MAX };
#elif defined(__APPLE__)
enum { CSYS_HAS_EPOLL = 0, CSYS_HAS_KQUEUE = 1, CSYS_SELECT_END = FD_SETSIZE };
#else
enum { CSYS_HAS_EPOLL = 0, CSYS_HAS_KQUEUE = 0, CSYS_SELECT_END = FD_SETSIZE };
#endif

// `select` with bitmaps of any size: `count` descriptors, a bit for each, in words of 64.
long csys_select(int count, uint64_t *readable, uint64_t *writable, int64_t nanoseconds);
long csys_poll(struct pollfd *entries, size_t count, int64_t nanoseconds);

// epoll_event is packed on some machines: C fills and reads it.
struct csys_event {
  uint64_t token;
  uint32_t readiness;
};
long csys_epoll_create(void);
long csys_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token);
long csys_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t token);
long csys_epoll_remove(int epoll, int descriptor);
long csys_epoll_wait(int epoll, struct csys_event *events, int capacity, int64_t nanoseconds);

// Reading and writing are filters of their own, added and deleted one by one: `filter` is CSYS_READABLE or
// CSYS_WRITABLE. Adding what is there is nothing; the token of an event is its descriptor.
long csys_kqueue_create(void);
long csys_kqueue_add(int queue, int descriptor, uint32_t filter);
long csys_kqueue_remove(int queue, int descriptor, uint32_t filter);
long csys_kqueue_wait(int queue, struct csys_event *events, int capacity, int64_t nanoseconds);

// MARK: Waking a waiting thread: an eventfd, or a pipe where there is none

// Stores the end to wait on and the end to write to, which may be the same.
long csys_waker_open(int *waiting, int *writing);
long csys_waker_signal(int writing);
void csys_waker_clear(int waiting);

// MARK: Environment, threads and time

// The value of an environment variable, which the next change of the environment may overwrite; NULL if it is not set.
static inline const char *csys_environment(const char *name) { return getenv(name); }

int csys_thread_start(void (*body)(void *), void *context);
// A number that the calling thread has and no other that lives; on Linux without a call, and not the one that `pthread_self`
// answers. Clang claims to know it on Darwin, too, and then cannot compile it.
static inline uintptr_t csys_thread_current(void) {
#if defined(__linux__) && __has_builtin(__builtin_thread_pointer)
  return (uintptr_t)__builtin_thread_pointer();
#else
  return (uintptr_t)pthread_self();
#endif
}

// The Swift task that runs on this thread, as an address to compare; NULL outside of all tasks. What `withUnsafeCurrentTask`
// asks the runtime, whose answer takes longer to compare there than a message takes to be echoed.
__attribute__((swiftcall)) void *swift_task_getCurrent(void);
static inline const void *csys_task_current(void) { return swift_task_getCurrent(); }

static inline int64_t csys_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// MARK: What a service manager hands over, and wants to hear

static inline long csys_is_stream(int descriptor) {
  int value = 0;
  socklen_t length = sizeof value;
  long result = csys_result(getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &value, &length));
  return result < 0 ? result : value == SOCK_STREAM;
}
static inline long csys_is_listening(int descriptor) {
  int value = 0;
  socklen_t length = sizeof value;
  long result = csys_result(getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length));
  return result < 0 ? result : value != 0;
}
// Makes a descriptor that was opened elsewhere close on exec and not block; it stays open if that fails.
long csys_prepare_inherited(int descriptor);
// A Unix socket of datagrams, as from csys_socket.
long csys_datagram_socket(void);
static inline long csys_send_to(int descriptor, const void *buffer, size_t count, const struct csys_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = csys_to_sockaddr(address, &storage);
  return csys_result(sendto(descriptor, buffer, count, CSYS_SEND_FLAGS, (struct sockaddr *)&storage, length));
}

#endif
