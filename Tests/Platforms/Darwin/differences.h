// Included before the shims when Musl's headers stand in for Darwin's: what only Darwin has, and what it has not. For
// compile checks only; see Scripts/platforms.
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#undef MSG_NOSIGNAL
#undef SOCK_CLOEXEC
#undef SOCK_NONBLOCK
#undef TCP_KEEPIDLE
#undef TCP_USER_TIMEOUT
#undef TIOCOUTQ

#define SO_NOSIGPIPE 0x1022
#define SO_NWRITE 0x1024
#define TCP_KEEPALIVE 0x10
#define TCP_RXT_CONNDROPTIME 0x80
// The length in front of an address; any member of one byte will do.
#define ss_len __ss_padding[0]
