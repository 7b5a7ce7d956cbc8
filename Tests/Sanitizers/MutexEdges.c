// Tells ThreadSanitizer what it cannot see of Swift's `Mutex`; Scripts/sanitize loads it before the tests.
//
// A `Mutex` that nobody contends for is taken and given back by an atomic operation in the code that uses it, which is
// instrumented. If somebody has to wait, functions of libswiftSynchronization do it, which is not: the sanitizer knows
// nothing of the order that the futex makes, and reports races between bodies that run one after the other. These
// functions stand in front of those, and say that order. Nothing is suppressed.
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// Weak: not every process that loads this has the sanitizer in it.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void framing_lock(uint32_t thread, SELF self) __asm__(LOCK);
SWIFT bool framing_try(SELF self) __asm__(TRY);
SWIFT void framing_unlock(SELF self) __asm__(UNLOCK);

SWIFT void framing_lock(uint32_t thread, SELF self) {
  SWIFT void (*next)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
  next(thread, self);
  if (__tsan_acquire) { __tsan_acquire(self); }
}

SWIFT bool framing_try(SELF self) {
  SWIFT bool (*next)(SELF) = dlsym(RTLD_NEXT, TRY);
  bool taken = next(self);
  if (taken && __tsan_acquire) { __tsan_acquire(self); }
  return taken;
}

SWIFT void framing_unlock(SELF self) {
  SWIFT void (*next)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) { __tsan_release(self); }
  next(self);
}
