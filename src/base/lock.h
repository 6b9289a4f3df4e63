/* lock: a mutex with a condition to wait for; POSIX threads, so that the thread sanitizer sees them (it cannot see into GLib's).
 *
 * init before use, clear after; never copied. wait_until takes a deadline of rw_clock_us and gives false once it has passed.
 */
#pragma once
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
} rw_lock;

static inline void rw_lock_init(rw_lock *lock)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static inline void rw_lock_clear(rw_lock *lock)
{
    pthread_cond_destroy(&lock->changed);
    pthread_mutex_destroy(&lock->mutex);
}

static inline void rw_lock_take(rw_lock *lock) { pthread_mutex_lock(&lock->mutex); }
static inline void rw_lock_give(rw_lock *lock) { pthread_mutex_unlock(&lock->mutex); }
static inline void rw_lock_changed(rw_lock *lock) { pthread_cond_broadcast(&lock->changed); }
static inline void rw_lock_wait(rw_lock *lock) { pthread_cond_wait(&lock->changed, &lock->mutex); }

static inline bool rw_lock_wait_until(rw_lock *lock, gint64 deadline_us)
{
    struct timespec at = {deadline_us / G_USEC_PER_SEC, deadline_us % G_USEC_PER_SEC * 1000};
    return pthread_cond_timedwait(&lock->changed, &lock->mutex, &at) == 0;
}
