#include "async/subprocess.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
extern "C" {  // glibc 2.36 forgot it
#include <sys/pidfd.h>
}

#include "async/wait.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kReadBytes = size_t{16} << 10U;
// What a pipe may still hold when its writer has ended, and more; others may go on writing.
constexpr size_t kMaxLastReads = 16;

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

std::unexpected<Error> not_run(const std::string& program, int error) {
  const ErrorCode code = error == ENOENT || error == ENOTDIR   ? ErrorCode::kNotFound
                         : error == EACCES || error == ENOEXEC ? ErrorCode::kForbidden
                                                               : ErrorCode::kInternal;
  return fail(code, "run " + program + ": " + std::strerror(error));
}

bool is_program(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

Result<std::string> find_program(const SubprocessCommand& command) {
  const std::string& name = command.arguments.front();
  if (name.find('/') != std::string::npos) return name;
  const auto path = command.environment.find("PATH");
  const std::string folders = path == command.environment.end() ? "" : path->second;
  for (const std::string_view folder : split(folders, ':')) {
    std::string candidate = std::string(folder.empty() ? "." : folder) + "/" + name;
    if (is_program(candidate)) return candidate;
  }
  return fail(ErrorCode::kNotFound, "run " + name + ": not found in PATH");
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(-1); }

  void reset(int number) {
    if (number_ >= 0) close(number_);
    number_ = number;
  }
  [[nodiscard]] int number() const { return number_; }
  // An errno, or 0: then the stream owns it.
  int move_to(stream_descriptor& stream) {
    if (number_ < 0) return EBADF;
    error_code error;
    stream.assign(number_, error);
    if (error) return error.value();
    number_ = -1;
    stream.non_blocking(true, error);
    return error.value();
  }

 private:
  int number_;
};

// Its two ends, which no other program inherits.
struct Pipe {
  Descriptor read_end;
  Descriptor write_end;

  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
    return true;
  }
};

// How a child begins: its own descriptors only, its own group, and our ignored signals undone.
class SpawnSettings {
 public:
  SpawnSettings(const Pipe& output, const Pipe& errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output.write_end.number(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, errors.write_end.number(), STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    sigset_t none;
    sigset_t restored;
    sigemptyset(&none);
    sigemptyset(&restored);
    sigaddset(&restored, SIGPIPE);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &restored);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  int spawn(pid_t& pid, const std::string& program, const SubprocessCommand& command) const {
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> variables;
    for (const auto& [name, value] : command.environment) {
      variables.push_back(name + "=" +
                          value);  // NOLINT(performance-inefficient-string-concatenation)
    }
    return posix_spawn(&pid, program.c_str(), &actions_, &attributes_, pointers(arguments).data(),
                       pointers(variables).data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// One process. The handlers of its descriptors share it, so that it is reaped even when nobody
// waits for it any more.
class Child : public std::enable_shared_from_this<Child> {
 public:
  explicit Child(AsioLoop& loop)
      : output_(loop.context()), errors_(loop.context()), process_(loop.context()), ended_(loop) {}

  Status start(const SubprocessCommand& command) {
    HOLMES_TRY(const std::string program, find_program(command));
    Pipe output;
    Pipe errors;
    if (!output.open() || !errors.open()) return not_run(program, errno);
    if (const int error = SpawnSettings(output, errors).spawn(pid_, program, command)) {
      return not_run(program, error);
    }
    if (const int error = attach(output, errors)) {
      kill_all();
      waitpid(pid_, nullptr, 0);
      return not_run(program, error);
    }
    watch(output_);
    watch(errors_);
    process_.async_wait(stream_descriptor::wait_read,
                        [self = shared_from_this()](const error_code&) { self->reap(); });
    return {};
  }

  // Once the process has ended, or has been killed by kill_all().
  Event& ended() { return ended_; }

  void kill_all() {
    if (!reaped_) ::kill(-pid_, SIGKILL);
  }

  // What went wrong meanwhile.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  SubprocessEnd& end() { return end_; }

 private:
  // An errno, or 0.
  int attach(Pipe& output, Pipe& errors) {
    Descriptor process(pidfd_open(pid_, 0));
    if (process.number() < 0) return errno;
    if (const int error = process.move_to(process_)) return error;
    if (const int error = output.read_end.move_to(output_)) return error;
    return errors.read_end.move_to(errors_);
  }

  void watch(stream_descriptor& from) {
    from.async_wait(stream_descriptor::wait_read,
                    [self = shared_from_this(), &from](const error_code& error) {
                      if (!error && self->take(from)) self->watch(from);
                    });
  }

  // One read of what is there; false when there is nothing now (after the end) or never again.
  bool take(stream_descriptor& from) {
    std::array<char, kReadBytes> buffer;
    error_code error;
    const size_t got = from.read_some(boost::asio::buffer(buffer), error);
    if (error == boost::asio::error::would_block) return !reaped_;
    if (error) return false;
    (&from == &output_ ? end_.output : end_.error_tail).append(buffer.data(), got);
    if (end_.error_tail.size() > kMaxErrorTailBytes) {
      end_.error_tail.erase(0, end_.error_tail.size() - kMaxErrorTailBytes);
    }
    if (end_.output.size() <= kMaxSubprocessOutputBytes) return true;
    failure_.emplace(ErrorCode::kTooLarge, "its output is larger than 1 MiB");
    kill_all();
    ended_.set();
    return false;
  }

  void reap() {
    siginfo_t info{};
    const auto process = static_cast<id_t>(process_.native_handle());
    const bool asked = waitid(P_PIDFD, process, &info, WEXITED | WNOHANG) == 0;
    if (!asked || info.si_pid == 0) {  // reaped by others, or not ended at all
      failure_.emplace(ErrorCode::kInternal, "cannot learn how it ended");
      if (asked) kill_all();
    }
    reaped_ = true;
    end_.exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    for (stream_descriptor* const from : {&output_, &errors_}) {
      for (size_t i = 0; i < kMaxLastReads && take(*from); ++i) {
      }
      from->close();
    }
    process_.close();
    ended_.set();
  }

  stream_descriptor output_;
  stream_descriptor errors_;
  stream_descriptor process_;  // readable when the process has ended
  pid_t pid_ = 0;
  bool reaped_ = false;
  std::optional<Error> failure_;
  SubprocessEnd end_;
  Event ended_;
};

class RealSubprocess final : public Subprocess {
 public:
  explicit RealSubprocess(AsioLoop& loop) : loop_(loop) {}

  Task<Result<SubprocessEnd>> run(SubprocessCommand command, Stop stop) override {
    HOLMES_ASSERT(!command.arguments.empty());
    const std::string what = "run " + command.arguments.front();
    if (stop.requested()) co_return fail(stop.error(what));
    const auto child = std::make_shared<Child>(loop_);
    HOLMES_CO_CHECK(child->start(command));
    const Status ended = co_await child->ended().wait(stop);
    if (!ended) {
      child->kill_all();
      co_return fail(stop.error(what));
    }
    if (child->failure()) co_return fail(child->failure()->within(what));
    co_return std::move(child->end());
  }

 private:
  AsioLoop& loop_;
};

}  // namespace

std::unique_ptr<Subprocess> make_subprocess(AsioLoop& loop) {
  return std::make_unique<RealSubprocess>(loop);
}

}  // namespace holmes
