#include "holmes/llm/model_queue.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "async/wait.h"
#include "base/assert.h"
#include "holmes/llm/token_estimate.h"

namespace holmes {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

// A process runs fewer checks than this, and each asks for one thing at a time.
constexpr int64_t kMaxDepth = 20'000;
// What a typical check takes (docs/verdicts.md). Those who wait need as many until they have ended,
// and go before whoever comes now.
constexpr int64_t kCallsPerCheck = 3;
// Of a check that is not taken: by then about half of those before it are through.
constexpr seconds kRetryAfterMin{5};
constexpr seconds kRetryAfterMax{60};

double in_seconds(nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

ModelPace::End end_of(const ModelResult& reply, int64_t tokens_estimated) {
  ModelPace::End end;
  if (reply) {
    const ModelUsage& usage = reply->usage;
    const int64_t told = usage.input_tokens + usage.output_tokens;
    end.outcome = CallOutcome::kAnswered;
    end.requests = std::max<int64_t>(1, usage.model_calls);
    end.tokens = told > 0 ? told : tokens_estimated + estimate_tokens(*reply);
  } else if (reply.error().kind == ModelErrorKind::kRateLimited ||
             reply.error().kind == ModelErrorKind::kOverloaded) {
    end.outcome = CallOutcome::kNoRoom;
    end.retry_after = reply.error().retry_after;
  }
  return end;
}

}  // namespace

ModelQueueMetrics::ModelQueueMetrics(MetricsRegistry& registry)
    : depth(registry.gauge("holmes_model_queue_depth",
                           "Calls that wait for room at a language model.", {"model"})),
      wait(registry.histogram("holmes_model_queue_wait_seconds",
                              "How long calls waited for room at a language model.",
                              {0.01, 0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300}, {"model"})),
      limit(registry.gauge("holmes_model_concurrency_limit",
                           "Calls that may be under way at a language model, as its provider's "
                           "refusals have taught.",
                           {"model"})),
      calls_in_flight(registry.gauge("holmes_model_calls_in_flight",
                                     "Calls that are under way at a language model.", {"model"})) {}

struct ModelQueue::Waiting {
  Waiting(Loop& loop, const ModelCaller& caller, uint64_t arrival, int64_t t, const Stop& s)
      : ns(caller.ns), place_in_line(caller.began, arrival), tokens(t), stop(s), admitted(loop) {}

  const std::string& ns;
  const std::pair<MonoTime, uint64_t> place_in_line;
  const int64_t tokens;
  const Stop& stop;
  Event admitted;
  ModelPace::Call call;  // once admitted
};

ModelQueue::ModelQueue(Loop& loop, std::string name, const ModelLimits& limits,
                       const ModelQueueMetrics& metrics, Logger log)
    : loop_(loop),
      name_(std::move(name)),
      limits_(limits),
      log_(std::move(log)),
      depth_metric_(metrics.depth.bind({name_})),
      wait_metric_(metrics.wait.bind({name_})),
      limit_metric_(metrics.limit.bind({name_})),
      calls_in_flight_metric_(metrics.calls_in_flight.bind({name_})),
      pace_(limits, loop.mono_now()) {
  tell();
}

ModelQueue::~ModelQueue() {
  HOLMES_ASSERT(lines_.empty());
}

void ModelQueue::restrict_to(const ModelLimits& limits) {
  HOLMES_ASSERT(lines_.empty() && pace_.under_way() == 0);
  limits_ = stricter(limits_, limits);
  pace_ = ModelPace(limits_, loop_.mono_now());
  tell();
}

Task<std::expected<ModelQueue::Place, ModelError>> ModelQueue::enter(ModelCaller caller,
                                                                     int64_t tokens, Stop stop) {
  const auto not_asked = [](ModelError error, nanoseconds waited) {
    error.asked = false;
    error.waited = waited;
    return fail(std::move(error));
  };
  const std::string what = fmt::format("waiting for room at the model '{}'", name_);
  if (stop.requested()) co_return not_asked(stop.error(what), nanoseconds(0));
  if (depth_ >= kMaxDepth) {
    co_return not_asked(
        {ModelErrorKind::kOverloaded,
         fmt::format("{} calls wait for the model '{}', more may not", depth_, name_)},
        nanoseconds(0));
  }
  const MonoTime came = loop_.mono_now();
  Waiting waiting(loop_, caller, ++arrivals_, tokens, stop);
  lines_[caller.ns].emplace(waiting.place_in_line, &waiting);
  ++depth_;
  admit();
  (void)co_await waiting.admitted.wait(stop);
  const nanoseconds waited = loop_.mono_now() - came;
  wait_metric_.observe(in_seconds(waited));
  if (waiting.admitted.is_set()) co_return Place{waiting.call, waited};
  remove(waiting);
  admit();  // the one behind it may need less
  ModelError error(stop.error(what));
  error.message += fmt::format(" after {:.1f} s", in_seconds(waited));
  co_return not_asked(std::move(error), waited);
}

void ModelQueue::leave(const Place& place, const ModelPace::End& end) {
  const int64_t before = pace_.limit();
  pace_.end(place.call, end, loop_.mono_now());
  if (pace_.limit() < before) {
    log_.warning("the model's provider has no room for so many calls at once",
                 {{"model", name_}, {"limit", pace_.limit()}, {"waiting", depth_}});
  }
  admit();
}

Status ModelQueue::room_for(const std::string& ns, nanoseconds patience) const {
  const int64_t before = calls_before(ns);
  const nanoseconds wait = pace_.expected_wait(before * kCallsPerCheck, loop_.mono_now());
  if (wait < patience && !is_full_for(ns)) return {};
  return fail(
      {ErrorCode::kRefused,
       fmt::format("the model '{}' has no room: {} calls wait for it, and a check that began now "
                   "would wait about {:.0f} s",
                   name_, depth_, in_seconds(wait)),
       std::clamp(std::chrono::ceil<seconds>(wait / 2), kRetryAfterMin, kRetryAfterMax)});
}

// The head of the queue stays until it may begin, so that a call of many tokens is not overtaken.
void ModelQueue::admit() {
  next_admission_.cancel();
  while (!lines_.empty()) {
    const auto line = next_line();
    Waiting& head = *line->second.begin()->second;
    if (head.stop.requested()) {
      remove(head);
      continue;
    }
    const MonoTime now = loop_.mono_now();
    const auto begins = pace_.may_begin(head.tokens, now);
    if (!begins) break;
    if (*begins > now) {
      next_admission_ = Timer(loop_, *begins, [this] { admit(); });
      break;
    }
    last_ns_ = head.ns;
    remove(head);
    head.call = pace_.begin(head.tokens, now);
    head.admitted.set();
  }
  tell();
}

ModelQueue::Lines::iterator ModelQueue::next_line() {
  const auto next = lines_.upper_bound(last_ns_);
  return next == lines_.end() ? lines_.begin() : next;
}

void ModelQueue::remove(const Waiting& waiting) {
  const auto line = lines_.find(waiting.ns);
  if (line == lines_.end() || line->second.erase(waiting.place_in_line) == 0) return;
  --depth_;
  if (line->second.empty()) lines_.erase(line);
}

int64_t ModelQueue::calls_before(const std::string& ns) const {
  const auto own_line = lines_.find(ns);
  const size_t own = own_line == lines_.end() ? 0 : own_line->second.size();
  size_t before = own;
  for (const auto& [other, line] : lines_) {
    if (other != ns) before += std::min(line.size(), own + 1);
  }
  return static_cast<int64_t>(before);
}

bool ModelQueue::is_full_for(const std::string& ns) const {
  if (depth_ < limits_.waiting_max) return false;
  const auto own_line = lines_.find(ns);
  const bool is_new = own_line == lines_.end();
  const auto namespaces = static_cast<int64_t>(lines_.size()) + (is_new ? 1 : 0);
  const int64_t share = std::max<int64_t>(1, limits_.waiting_max / namespaces);
  return !is_new && static_cast<int64_t>(own_line->second.size()) >= share;
}

void ModelQueue::tell() const {
  depth_metric_.set(static_cast<double>(depth_));
  limit_metric_.set(static_cast<double>(pace_.limit()));
  calls_in_flight_metric_.set(static_cast<double>(pace_.under_way()));
}

Task<ModelResult> QueuedModel::complete(ModelRequest request, Stop stop) {
  const int64_t tokens = queue_->counts_tokens() ? estimate_tokens(request) : 0;
  const auto place = co_await queue_->enter(request.caller, tokens, stop);
  if (!place) co_return fail(place.error());
  ModelResult reply = co_await inner_->complete(std::move(request), std::move(stop));
  queue_->leave(*place, end_of(reply, tokens));
  (reply ? reply->waited : reply.error().waited) = place->waited;
  co_return reply;
}

std::unique_ptr<Model> ModelQueues::put_before(std::unique_ptr<HttpModel> model,
                                               const ModelLimits& limits) {
  if (!metrics_) metrics_.emplace(registry_);
  const Wire& wire = model->wire();
  std::shared_ptr<ModelQueue>& queue = by_address_[{wire.base_url(), wire.model_id()}];
  if (queue == nullptr) {
    queue = std::make_shared<ModelQueue>(loop_, model->name(), limits, *metrics_, log_);
  } else {
    queue->restrict_to(limits);
  }
  return std::make_unique<QueuedModel>(queue, std::move(model));
}

}  // namespace holmes
