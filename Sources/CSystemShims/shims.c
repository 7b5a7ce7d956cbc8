#define _GNU_SOURCE 1  // accept4
#include "CSystemShims.h"
#include <sys/ioctl.h>
#if defined(__linux__)
#include <sys/epoll.h>
#include <sys/eventfd.h>
#elif defined(__APPLE__)
#include <sys/event.h>
#endif

socklen_t csys_to_sockaddr(const struct csys_address *from, struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  socklen_t length = sizeof(sa_family_t);
  switch (from->family) {
  case CSYS_IPV4: {
    struct sockaddr_in *address = (struct sockaddr_in *)to;
    address->sin_family = AF_INET;
    address->sin_port = htons(from->port);
    memcpy(&address->sin_addr, from->bytes, 4);
    length = sizeof *address;
    break;
  }
  case CSYS_IPV6: {
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)to;
    address->sin6_family = AF_INET6;
    address->sin6_port = htons(from->port);
    address->sin6_scope_id = from->scope;
    memcpy(&address->sin6_addr, from->bytes, 16);
    length = sizeof *address;
    break;
  }
  case CSYS_UNIX: {
    struct sockaddr_un *address = (struct sockaddr_un *)to;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, from->path, from->path_length);
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + from->path_length);
    // A path in the file system ends with a NUL; an abstract name, which begins with one, does not.
    if (from->path_length > 0 && from->path[0] != 0 && from->path_length < CSYS_PATH_MAX) length += 1;
    break;
  }
  }
#if defined(__APPLE__)
  to->ss_len = (uint8_t)length;
#endif
  return length;
}

void csys_from_sockaddr(const struct sockaddr_storage *from, socklen_t length, struct csys_address *to) {
  memset(to, 0, sizeof *to);
  if (length < sizeof(sa_family_t)) return;
  switch (from->ss_family) {
  case AF_INET: {
    const struct sockaddr_in *address = (const struct sockaddr_in *)from;
    to->family = CSYS_IPV4;
    to->port = ntohs(address->sin_port);
    memcpy(to->bytes, &address->sin_addr, 4);
    break;
  }
  case AF_INET6: {
    const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)from;
    to->family = CSYS_IPV6;
    to->port = ntohs(address->sin6_port);
    to->scope = address->sin6_scope_id;
    memcpy(to->bytes, &address->sin6_addr, 16);
    break;
  }
  case AF_UNIX: {
    const struct sockaddr_un *address = (const struct sockaddr_un *)from;
    socklen_t header = offsetof(struct sockaddr_un, sun_path);
    size_t count = length > header ? length - header : 0;
    if (count > CSYS_PATH_MAX) count = CSYS_PATH_MAX;
    if (count > 0 && address->sun_path[0] != 0) count = strnlen(address->sun_path, count);
    to->family = CSYS_UNIX;
    to->path_length = (uint16_t)count;
    memcpy(to->path, address->sun_path, count);
    break;
  }
  }
}

int csys_resolve(const char *host, uint16_t port, struct csys_address *to, int capacity) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
  int code = getaddrinfo(host, NULL, &hints, &list);
  if (code != 0) return code < 0 ? code : -code;
  int count = 0;
  for (struct addrinfo *entry = list; entry != NULL && count < capacity; entry = entry->ai_next) {
    struct sockaddr_storage storage = {0};
    memcpy(&storage, entry->ai_addr, entry->ai_addrlen);
    csys_from_sockaddr(&storage, entry->ai_addrlen, &to[count]);
    to[count].port = port;
    if (to[count].family != CSYS_UNKNOWN) count += 1;
  }
  freeaddrinfo(list);
  return count;
}

// The EAI_ codes are below zero in some C libraries and above in others.
const char *csys_resolve_reason(int result) { return gai_strerror(EAI_NONAME < 0 ? result : -result); }

long csys_unread(int descriptor) {
  int count = 0;
  long result = csys_result(ioctl(descriptor, FIONREAD, &count));
  return result < 0 ? result : count;
}

long csys_unacknowledged(int descriptor) {
  int count = 0;
#if defined(__APPLE__)
  socklen_t length = sizeof count;
  long result = csys_result(getsockopt(descriptor, SOL_SOCKET, SO_NWRITE, &count, &length));
#else
  long result = csys_result(ioctl(descriptor, TIOCOUTQ, &count));  // For sockets the same as SIOCOUTQ.
#endif
  return result < 0 ? result : count;
}

#if !defined(__linux__)
// The flags that Linux takes with the call have to be set one by one here; a descriptor that cannot have
// them is of no use and must not leak.
static long csys_prepare(int descriptor) {
  int one = 1;
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0 ||
      fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) < 0) {
    long result = -(long)errno;
    close(descriptor);
    return result;
  }
#if defined(SO_NOSIGPIPE)
  setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one);
#endif
  return descriptor;
}
#endif

long csys_socket(int family) {
  int domain = family == CSYS_IPV4 ? AF_INET : family == CSYS_IPV6 ? AF_INET6 : AF_UNIX;
#if defined(__linux__)
  return csys_result(socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
#else
  int descriptor = socket(domain, SOCK_STREAM, 0);
  return descriptor < 0 ? -(long)errno : csys_prepare(descriptor);
#endif
}

long csys_accept(int descriptor, struct csys_address *peer) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
#if defined(__linux__)
  long result = csys_result(accept4(descriptor, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
#else
  long result = csys_result(accept(descriptor, (struct sockaddr *)&storage, &length));
  if (result >= 0) result = csys_prepare((int)result);
#endif
  if (result >= 0) csys_from_sockaddr(&storage, length, peer);
  return result;
}

// Every timeout is rounded up, as waking before the deadline would spin until it is reached, and cut off where the
// call would refuse it or the number overflow: the wait ends early then, after weeks.

static struct timespec csys_seconds(int64_t nanoseconds) {
  // 100,000,000 s is what Darwin takes at the most.
  const int64_t most = 100000000ll * 1000000000;
  if (nanoseconds > most) nanoseconds = most;
  return (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
}

static int csys_milliseconds(int64_t nanoseconds) {
  if (nanoseconds < 0) return -1;
  int64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
  return milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds;
}

long csys_select(int count, uint64_t *readable, uint64_t *writable, int64_t nanoseconds) {
  int64_t microseconds = nanoseconds / 1000 + (nanoseconds % 1000 != 0);
  struct timespec most = csys_seconds(INT64_MAX);
  struct timeval timeout = {.tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000};
  if (timeout.tv_sec >= most.tv_sec) timeout = (struct timeval){.tv_sec = most.tv_sec};
  return csys_result(select(count, (fd_set *)readable, (fd_set *)writable, NULL, nanoseconds < 0 ? NULL : &timeout));
}

long csys_poll(struct pollfd *entries, size_t count, int64_t nanoseconds) {
  return csys_result(poll(entries, (nfds_t)count, csys_milliseconds(nanoseconds)));
}

#if defined(__linux__)

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLHUP == POLLHUP && EPOLLERR == POLLERR,
               "the bits of epoll are those of poll");

static long csys_epoll_change(int epoll, int operation, int descriptor, uint32_t interest, uint64_t token) {
  struct epoll_event event = {.events = interest, .data = {.u64 = token}};
  return csys_result(epoll_ctl(epoll, operation, descriptor, &event));
}
long csys_epoll_create(void) { return csys_result(epoll_create1(EPOLL_CLOEXEC)); }
long csys_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token) {
  return csys_epoll_change(epoll, EPOLL_CTL_ADD, descriptor, interest, token);
}
long csys_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t token) {
  return csys_epoll_change(epoll, EPOLL_CTL_MOD, descriptor, interest, token);
}
long csys_epoll_remove(int epoll, int descriptor) {
  return csys_epoll_change(epoll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

long csys_epoll_wait(int epoll, struct csys_event *events, int capacity, int64_t nanoseconds) {
  // An event of the kernel takes no more room than one of ours, so that it stores them where ours are to be, and each is
  // moved to its place, the last one first.
  _Static_assert(sizeof(struct epoll_event) <= sizeof(struct csys_event), "an event grows when it is moved");
  int timeout = csys_milliseconds(nanoseconds);
#if defined(CSYS_CALL_DIRECTLY) && defined(SYS_epoll_wait)
  long count = csys_result(syscall(SYS_epoll_wait, (long)epoll, events, (long)capacity, (long)timeout));
#elif defined(CSYS_CALL_DIRECTLY) && defined(SYS_epoll_pwait)
  // ARM64 has no other.
  long count = csys_result(syscall(SYS_epoll_pwait, (long)epoll, events, (long)capacity, (long)timeout, NULL, 0L));
#else
  long count = csys_result(epoll_wait(epoll, (struct epoll_event *)events, capacity, timeout));
#endif
  for (long i = count - 1; i >= 0; i--) {
    struct epoll_event event;
    memcpy(&event, (char *)events + (size_t)i * sizeof event, sizeof event);
    events[i] = (struct csys_event){.token = event.data.u64, .readiness = event.events};
  }
  return count;
}

#else

long csys_epoll_create(void) { return -ENOSYS; }
long csys_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token) { return -ENOSYS; }
long csys_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t token) { return -ENOSYS; }
long csys_epoll_remove(int epoll, int descriptor) { return -ENOSYS; }
long csys_epoll_wait(int epoll, struct csys_event *events, int capacity, int64_t nanoseconds) { return -ENOSYS; }

#endif

#if defined(__APPLE__)

long csys_kqueue_create(void) {
  long queue = csys_result(kqueue());
  // There is no flag for it. A child of fork() does not inherit the queue anyway; one of posix_spawn() may.
  if (queue >= 0) fcntl((int)queue, F_SETFD, FD_CLOEXEC);
  return queue;
}

// With no room for events, kevent does not wait, and answers an error in a change as its own.
static long csys_kqueue_change(int queue, int descriptor, uint32_t filter, uint16_t flags) {
  struct kevent change;
  EV_SET(&change, (uintptr_t)descriptor, filter == CSYS_WRITABLE ? EVFILT_WRITE : EVFILT_READ, flags, 0, 0, 0);
  return csys_result(kevent(queue, &change, 1, NULL, 0, NULL));
}
long csys_kqueue_add(int queue, int descriptor, uint32_t filter) {
  return csys_kqueue_change(queue, descriptor, filter, EV_ADD);  // Without EV_CLEAR: level-triggered.
}
long csys_kqueue_remove(int queue, int descriptor, uint32_t filter) {
  return csys_kqueue_change(queue, descriptor, filter, EV_DELETE);
}

long csys_kqueue_wait(int queue, struct csys_event *events, int capacity, int64_t nanoseconds) {
  struct kevent ready[256];
  if (capacity > 256) capacity = 256;
  struct timespec timeout = csys_seconds(nanoseconds);
  long count = csys_result(kevent(queue, NULL, 0, ready, capacity, nanoseconds < 0 ? NULL : &timeout));
  for (long i = 0; i < count; i++) {
    int writes = ready[i].filter == EVFILT_WRITE;
    uint32_t readiness = writes ? CSYS_WRITABLE : CSYS_READABLE;
    // EV_EOF: to a reader, the peer sends no more, which is no hang-up unless there is an error (fflags);
    // to a writer, nobody will read.
    if ((ready[i].flags & EV_EOF) && (writes || ready[i].fflags != 0)) readiness |= CSYS_HANG_UP;
    events[i] = (struct csys_event){.token = ready[i].ident, .readiness = readiness};
  }
  return count;
}

#else

long csys_kqueue_create(void) { return -ENOSYS; }
long csys_kqueue_add(int queue, int descriptor, uint32_t filter) { return -ENOSYS; }
long csys_kqueue_remove(int queue, int descriptor, uint32_t filter) { return -ENOSYS; }
long csys_kqueue_wait(int queue, struct csys_event *events, int capacity, int64_t nanoseconds) { return -ENOSYS; }

#endif

#if defined(__linux__)

long csys_waker_open(int *waiting, int *writing) {
  long result = csys_result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (result >= 0) *waiting = *writing = (int)result;
  return result;
}

#else

long csys_waker_open(int *waiting, int *writing) {
  int ends[2];
  if (pipe(ends) < 0) return -(long)errno;
  *waiting = ends[0];
  *writing = ends[1];
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  return 0;
}

#endif

long csys_waker_signal(int writing) {
  uint64_t one = 1;
  return csys_result(write(writing, &one, sizeof one));
}

void csys_waker_clear(int waiting) {
  uint64_t count;
  while (read(waiting, &count, sizeof count) > 0) {
#if defined(__linux__)
    return;  // One read empties an eventfd.
#endif
  }
}

struct csys_thread {
  void (*body)(void *);
  void *context;
};

static void *csys_thread_main(void *argument) {
  struct csys_thread thread = *(struct csys_thread *)argument;
  free(argument);
  thread.body(thread.context);
  return NULL;
}

int csys_thread_start(void (*body)(void *), void *context) {
  struct csys_thread *argument = malloc(sizeof *argument);
  if (argument == NULL) return ENOMEM;
  *argument = (struct csys_thread){.body = body, .context = context};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int code = pthread_create(&thread, &attributes, csys_thread_main, argument);
  pthread_attr_destroy(&attributes);
  if (code != 0) free(argument);
  return code;
}

long csys_prepare_inherited(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return -(long)errno;
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) return -(long)errno;
  return csys_result(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK));
}

long csys_datagram_socket(void) {
#if defined(__linux__)
  return csys_result(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
#else
  int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
  return descriptor < 0 ? -(long)errno : csys_prepare(descriptor);
#endif
}
