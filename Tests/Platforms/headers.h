// The headers that the tools use, for type checks only; see Scripts/platforms.
#if defined(FAKE_DARWIN)
// A type that only Musl hides.
struct _IO_FILE {
  int descriptor;
};
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
