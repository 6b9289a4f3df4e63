/* Lets a server live with a wrong clock: preloaded, it adds to the time of day what the file RINGWAY_CLOCK says, eight
 * bytes of nanoseconds, which may change at any moment. Timers and waits keep their pace.
 *
 * libfaketime does more, and takes a lock at every look at the clock: a MySQL gets twenty times slower with it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define A_CLOCK_SINCE_1970 500000000 /* seconds; below it is a clock that began when the machine did */

static _Atomic int64_t right; /* zero, until the file is there */
static _Atomic int64_t *offset_ns = &right;
static int (*real_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("RINGWAY_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset_ns, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        abort();
    close(fd);
    real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    offset_ns = map;
}

static void shift(struct timespec *t, int64_t by_ns)
{
    int64_t ns = (int64_t)t->tv_sec * SECOND + t->tv_nsec + by_ns;
    t->tv_sec = ns / SECOND;
    t->tv_nsec = ns % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int result = real_gettime ? real_gettime(clock, t) : (int)syscall(SYS_clock_gettime, clock, t);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        shift(t, atomic_load(offset_ns));
    return result;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *t)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t)
        *t = now.tv_sec;
    return now.tv_sec;
}

/* Whoever waits until a moment has worked it out by the wrong clock: it is put right for the kernel. */
static struct timespec right_moment(const struct timespec *t)
{
    struct timespec moment = *t;
    if (moment.tv_sec > A_CLOCK_SINCE_1970)
        shift(&moment, -atomic_load(offset_ns));
    return moment;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict t)
{
    static __typeof__(&pthread_cond_timedwait) real;
    if (!real)
        real = REAL(pthread_cond_timedwait);
    struct timespec moment = right_moment(t);
    return real(cond, mutex, &moment);
}

int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, clockid_t clock,
                           const struct timespec *restrict t)
{
    static __typeof__(&pthread_cond_clockwait) real;
    if (!real)
        real = REAL(pthread_cond_clockwait);
    struct timespec moment = right_moment(t);
    return real(cond, mutex, clock, &moment);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict t)
{
    struct timespec moment = right_moment(t);
    return REAL(pthread_mutex_timedlock)(mutex, &moment);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict t)
{
    struct timespec moment = right_moment(t);
    return REAL(pthread_rwlock_timedrdlock)(lock, &moment);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict t)
{
    struct timespec moment = right_moment(t);
    return REAL(pthread_rwlock_timedwrlock)(lock, &moment);
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict t)
{
    struct timespec moment = right_moment(t);
    return REAL(sem_timedwait)(sem, &moment);
}
