#include "async/worker_thread.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/assert.h"

namespace holmes {

struct WorkerThread::Impl {
  explicit Impl(Loop& l) : loop(l), thread([this] { serve(); }) {}

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ending || !jobs.empty(); });
      if (jobs.empty()) return;
      Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job.call();
      // What the call has captured is the loop's, and may go with the resumed coroutine.
      job.call = nullptr;
      loop.post([this, then = job.then] {
        --running;
        then.resume();
      });
      lock.lock();
    }
  }

  Loop& loop;
  size_t running = 0;  // the loop's
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  bool ending = false;
  std::thread thread;
};

WorkerThread::WorkerThread(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}

WorkerThread::~WorkerThread() {
  HOLMES_ASSERT(impl_->running == 0);
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->ending = true;
  }
  impl_->changed.notify_one();
  impl_->thread.join();
}

void WorkerThread::hand_over(Job job) {
  ++impl_->running;
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->jobs.push_back(std::move(job));
  }
  impl_->changed.notify_one();
}

}  // namespace holmes
