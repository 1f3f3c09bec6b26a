// What the probes and the stand-in need of libc and cannot reach well from Swift: extensions behind feature macros, and
// socket addresses, whose C types more than one module claims. Rule of this header: thin functions only, no state, no
// policy.
#ifndef BULKHEAD_CPROBE_H
#define BULKHEAD_CPROBE_H

#include <stdint.h>

/// The symbol of an errno, such as "EACCES"; NULL for a number libc does not know.
const char *cprobe_errno_name(int number);

/// Makes SIGTERM end the process at once with status 0, as process 1 of a pid namespace too (which otherwise ignores
/// it) and where the starter's thread had it blocked, and makes writes to a closed pipe fail with EPIPE instead of a
/// signal. 0, or the errno.
int cprobe_install_signals(void);

/// IPv4 addresses of a name, in network byte order, by getaddrinfo(3): the number of them, at most `capacity`, or -1
/// with the EAI_ code in `*failure`. Blocks.
int cprobe_resolve(const char *host, uint32_t *addresses, int capacity, int *failure);

/// The text of an EAI_ code.
const char *cprobe_resolve_text(int failure);

/// A connected stream socket to a numeric IPv4 or IPv6 address, non-blocking, or a negated errno; -ETIMEDOUT when
/// there is no connection in time, -EINVAL for what is not a numeric address.
int cprobe_connect(const char *address, uint16_t port, int timeout_milliseconds);

/// The same to a unix socket; -ENAMETOOLONG for a path that does not fit.
int cprobe_connect_unix(const char *path, int timeout_milliseconds);

#endif
