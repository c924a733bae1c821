// SPDX-License-Identifier: Apache-2.0

// Swift's `Mutex` is inlined into our code but for what happens when two threads meet at it: that stands in
// libswiftSynchronization, which is not instrumented, so the thread sanitizer would see no lock just there and report
// races that are none. Under the sanitizer these two functions tell it, and call the library's own. In any other build
// this file is empty.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef __attribute__((swiftcall)) void (*lock_function)(uint32_t, __attribute__((swift_context)) void *);
typedef __attribute__((swiftcall)) void (*unlock_function)(__attribute__((swift_context)) void *);

void __tsan_acquire(void *address);
void __tsan_release(void *address);

static lock_function library_lock;
static unlock_function library_unlock;

static void *library(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function != NULL) return function;
    fprintf(stderr, "CThreadShim: libswiftSynchronization has no %s any more\n", name);
    abort();
}

__attribute__((constructor)) static void find(void) {
    library_lock = (lock_function)library(LOCK_SLOW);
    library_unlock = (unlock_function)library(UNLOCK_SLOW);
}

__attribute__((swiftcall)) void slipway_lock_slow(uint32_t thread, __attribute__((swift_context)) void *handle) __asm__(LOCK_SLOW);
__attribute__((swiftcall)) void slipway_lock_slow(uint32_t thread, __attribute__((swift_context)) void *handle) {
    library_lock(thread, handle);
    __tsan_acquire(handle);
}

__attribute__((swiftcall)) void slipway_unlock_slow(__attribute__((swift_context)) void *handle) __asm__(UNLOCK_SLOW);
__attribute__((swiftcall)) void slipway_unlock_slow(__attribute__((swift_context)) void *handle) {
    __tsan_release(handle);
    library_unlock(handle);
}

#endif
#endif
