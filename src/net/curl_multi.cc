#include "net/curl_multi.h"

#include <optional>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

namespace holmes {
using StreamDescriptor = boost::asio::posix::stream_descriptor;

struct CurlMulti::Impl : std::enable_shared_from_this<CurlMulti::Impl> {
  // One descriptor that libcurl watches. `owner` is null once libcurl is done with it, which the
  // handler of a pending wait may learn late.
  struct Socket {
    Impl* owner;
    int descriptor;
    // Ours stay registered with the loop until they are closed: one registration per connection,
    // not per request. Others (the resolver's) leave it whenever libcurl stops watching them.
    bool ours;
    StreamDescriptor watched;
    int wanted = CURL_POLL_NONE;
    bool reading = false;
    bool writing = false;
  };
  using SocketPtr = std::shared_ptr<Socket>;

  explicit Impl(AsioLoop& l) : loop(l), multi(curl_multi_init()) {
    HOLMES_ASSERT(multi != nullptr);
  }

  AsioLoop& loop;
  CURLM* multi;
  size_t transfers = 0;
  std::unordered_map<int, SocketPtr> sockets;
  bool kicked = false;               // a turn of kick() is posted
  std::optional<MonoTime> deadline;  // when libcurl wants to be called
  std::optional<MonoTime> armed;     // when `timer` fires: at the deadline or before
  Timer timer;

  // libcurl's callbacks; they only take notes and post.
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* self, curl_socket_t descriptor);
  static int on_socket(CURL* handle, curl_socket_t descriptor, int what, void* self, void* unused);
  static int on_timer(CURLM* multi, long milliseconds, void* self);

  bool watch(int descriptor, bool ours);
  void forget(int descriptor);
  void arm(const SocketPtr& socket);
  void wait(const SocketPtr& socket, int direction);
  void kick();
  void arm_timer();
  void run_timeouts();
  void act(curl_socket_t descriptor, int events);
};

bool CurlMulti::Impl::watch(int descriptor, bool ours) {
  forget(descriptor);
  StreamDescriptor watched(loop.context());
  boost::system::error_code error;
  watched.assign(descriptor, error);
  if (error) return false;
  sockets[descriptor] =
      std::make_shared<Socket>(Socket{this, descriptor, ours, std::move(watched)});
  return true;
}

void CurlMulti::Impl::forget(int descriptor) {
  const auto found = sockets.find(descriptor);
  if (found == sockets.end()) return;
  found->second->owner = nullptr;
  found->second->watched.release();  // cancels its waits
  sockets.erase(found);
}

curl_socket_t CurlMulti::Impl::on_open(void* self, curlsocktype /*purpose*/,
                                       curl_sockaddr* address) {
  const int descriptor = ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                  address->protocol);
  if (descriptor < 0) return CURL_SOCKET_BAD;
  if (static_cast<Impl*>(self)->watch(descriptor, true)) return descriptor;
  ::close(descriptor);
  return CURL_SOCKET_BAD;
}

int CurlMulti::Impl::on_close(void* self, curl_socket_t descriptor) {
  static_cast<Impl*>(self)->forget(descriptor);
  return ::close(descriptor);
}

int CurlMulti::Impl::on_socket(CURL* /*handle*/, curl_socket_t descriptor, int what, void* self,
                               void* /*unused*/) {
  Impl& impl = *static_cast<Impl*>(self);
  auto found = impl.sockets.find(descriptor);
  if (what == CURL_POLL_REMOVE) {
    if (found == impl.sockets.end()) return 0;
    found->second->wanted = CURL_POLL_NONE;
    if (!found->second->ours) impl.forget(descriptor);
    return 0;
  }
  if (found == impl.sockets.end()) {
    // Not an error to libcurl, which would give up on everything: its timers poll the resolver too.
    if (!impl.watch(descriptor, false)) return 0;
    found = impl.sockets.find(descriptor);
  }
  found->second->wanted = what;
  impl.arm(found->second);
  return 0;
}

void CurlMulti::Impl::arm(const SocketPtr& socket) {
  if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->reading) wait(socket, CURL_POLL_IN);
  if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->writing) wait(socket, CURL_POLL_OUT);
}

void CurlMulti::Impl::wait(const SocketPtr& socket, int direction) {
  const bool in = direction == CURL_POLL_IN;
  (in ? socket->reading : socket->writing) = true;
  socket->watched.async_wait(in ? StreamDescriptor::wait_read : StreamDescriptor::wait_write,
                             [socket, direction, in](const boost::system::error_code& error) {
                               (in ? socket->reading : socket->writing) = false;
                               if (socket->owner == nullptr || (socket->wanted & direction) == 0)
                                 return;
                               Impl& impl = *socket->owner;
                               const int events = in ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
                               impl.act(socket->descriptor, error ? CURL_CSELECT_ERR : events);
                               if (socket->owner != nullptr) impl.arm(socket);
                             });
}

int CurlMulti::Impl::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
  Impl& impl = *static_cast<Impl*>(self);
  impl.deadline.reset();
  if (milliseconds == 0) {
    impl.kick();
  } else if (milliseconds > 0) {
    impl.deadline = impl.loop.mono_now() + std::chrono::milliseconds(milliseconds);
    impl.arm_timer();
  }
  return 0;
}

void CurlMulti::Impl::kick() {
  if (kicked) return;
  kicked = true;
  loop.post([weak = weak_from_this()] {
    const auto impl = weak.lock();
    if (impl == nullptr) return;
    impl->kicked = false;
    impl->run_timeouts();
  });
}

// A timer that is already armed for an earlier time stays: libcurl moves its deadline with every
// request, and re-arming would cost a system call each time.
void CurlMulti::Impl::arm_timer() {
  if (armed && *armed <= *deadline) return;
  armed = deadline;
  timer = Timer(loop, *deadline, [this] {
    armed.reset();
    if (!deadline) return;
    if (loop.mono_now() < *deadline) return arm_timer();
    deadline.reset();
    run_timeouts();
  });
}

void CurlMulti::Impl::run_timeouts() {
  act(CURL_SOCKET_TIMEOUT, 0);
  // libcurl reports a deadline only when it changes; its clock may be a little behind ours.
  if (deadline || kicked) return;
  long milliseconds = -1;
  curl_multi_timeout(multi, &milliseconds);
  on_timer(multi, milliseconds, this);
}

void CurlMulti::Impl::act(curl_socket_t descriptor, int events) {
  int running = 0;
  const CURLMcode code = curl_multi_socket_action(multi, descriptor, events, &running);
  HOLMES_ASSERT(code == CURLM_OK || code == CURLM_BAD_SOCKET);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode result = message->data.result;
    CurlHandleOwner* owner = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &owner);
    curl_multi_remove_handle(multi, handle);  // the message is gone after this
    --transfers;
    owner->on_done(result);
  }
}

CurlMulti::CurlMulti(AsioLoop& loop, size_t connections_max) : impl_(std::make_shared<Impl>(loop)) {
  CURLM* const multi = impl_->multi;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, impl_.get());
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, impl_.get());
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(connections_max));
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
}

CurlMulti::~CurlMulti() {
  HOLMES_ASSERT(impl_->transfers == 0);
  curl_multi_cleanup(impl_->multi);  // closes the connections through on_close
  for (const auto& [descriptor, socket] : impl_->sockets) {
    socket->owner = nullptr;
    socket->watched.release();
  }
}

void CurlMulti::prepare(CURL* handle) {
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &Impl::on_open);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, impl_.get());
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, &Impl::on_close);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, impl_.get());
}

void CurlMulti::add(CURL* handle) {
  const CURLMcode code = curl_multi_add_handle(impl_->multi, handle);
  HOLMES_ASSERT(code == CURLM_OK);
  ++impl_->transfers;
}

void CurlMulti::remove(CURL* handle) {
  curl_multi_remove_handle(impl_->multi, handle);
  --impl_->transfers;
}

void CurlMulti::resume(CURL* handle) {
  curl_easy_pause(handle, CURLPAUSE_CONT);
  impl_->kick();
}

}  // namespace holmes
