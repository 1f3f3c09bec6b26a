#define _GNU_SOURCE
#include "cprobe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *cprobe_errno_name(int number) { return strerrorname_np(number); }

static void leave(int number) {
  (void)number;
  _exit(0);
}

int cprobe_install_signals(void) {
  struct sigaction terminate, ignore;
  sigset_t unblocked;
  memset(&terminate, 0, sizeof terminate);
  memset(&ignore, 0, sizeof ignore);
  terminate.sa_handler = leave;
  ignore.sa_handler = SIG_IGN;
  if (sigaction(SIGTERM, &terminate, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0) return errno;
  sigemptyset(&unblocked);
  sigaddset(&unblocked, SIGTERM);
  return sigprocmask(SIG_UNBLOCK, &unblocked, NULL) == 0 ? 0 : errno;
}

int cprobe_resolve(const char *host, uint32_t *addresses, int capacity, int *failure) {
  struct addrinfo hints, *list = NULL;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  *failure = getaddrinfo(host, NULL, &hints, &list);
  if (*failure != 0) return -1;
  int count = 0;
  for (struct addrinfo *entry = list; entry != NULL && count < capacity; entry = entry->ai_next)
    addresses[count++] = ((struct sockaddr_in *)entry->ai_addr)->sin_addr.s_addr;
  freeaddrinfo(list);
  return count;
}

const char *cprobe_resolve_text(int failure) { return gai_strerror(failure); }

static int connect_within(const struct sockaddr *address, socklen_t length, int timeout_milliseconds) {
  int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  int failure = connect(descriptor, address, length) == 0 ? 0 : errno;
  if (failure == EINPROGRESS) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLOUT};
    socklen_t size = sizeof failure;
    int ready = poll(&wanted, 1, timeout_milliseconds);
    if (ready == 0) failure = ETIMEDOUT;
    else if (ready < 0 || getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) failure = errno;
  }
  if (failure == 0) return descriptor;
  close(descriptor);
  return -failure;
}

int cprobe_connect(const char *address, uint16_t port, int timeout_milliseconds) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
    return connect_within((const struct sockaddr *)&four, sizeof four, timeout_milliseconds);
  if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
    return connect_within((const struct sockaddr *)&six, sizeof six, timeout_milliseconds);
  return -EINVAL;
}

int cprobe_connect_unix(const char *path, int timeout_milliseconds) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof name.sun_path) return -ENAMETOOLONG;
  strcpy(name.sun_path, path);
  return connect_within((const struct sockaddr *)&name, sizeof name, timeout_milliseconds);
}
