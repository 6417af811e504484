// How fast the bytes of a watch become events, and events become cached objects. bench/run.sh
// decode runs it and holds the bar against the figures.
//
// The stream: a MODIFIED event for each of many finished HealthChecks as the API server sends them,
// managedFields and all, in pieces of 16 KiB as a connection yields them. `watch` is
// WatchDecoder alone, from bytes to a JSON tree for each event; `watch_to_objects` also makes the
// typed object of each, as the informer does.
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "api/healthcheck.h"
#include "base/assert.h"
#include "kube/core/watch_event.h"

namespace holmes {
namespace {

constexpr size_t kEvents = 2000;
constexpr size_t kPieceBytes = 16384;

json::object finished_check(size_t number) {
  const std::string text = fmt::format(
      R"({{"apiVersion":"holmesgpt.dev/v1alpha1","kind":"HealthCheck","metadata":{{)"
      R"("name":"nightly-backup-{0:06}","namespace":"default",)"
      R"("uid":"3f1c9a52-77b0-4c1e-9d56-{0:012}","resourceVersion":"{1}","generation":1,)"
      R"("creationTimestamp":"2026-11-26T09:00:00Z","labels":{{"team":"storage",)"
      R"("holmesgpt.dev/schedule":"nightly-backup"}},"managedFields":[{{"manager":"holmes",)"
      R"("operation":"Update","apiVersion":"holmesgpt.dev/v1alpha1","time":"2026-11-26T09:00:41Z",)"
      R"("fieldsType":"FieldsV1","fieldsV1":{{"f:status":{{".":{{}},"f:phase":{{}},"f:result":{{}},)"
      R"("f:message":{{}},"f:rationale":{{}},"f:conditions":{{".":{{}},"k:{{\"type\":\"Complete\"}}":)"
      R"({{".":{{}},"f:lastTransitionTime":{{}},"f:message":{{}},"f:reason":{{}},"f:status":{{}}}}}},)"
      R"("f:usage":{{}},"f:evidence":{{}},"f:attempts":{{}}}}}},"subresource":"status"}}]}},)"
      R"("spec":{{"query":"Did the last backup of every database in namespace storage finish, and is )"
      R"(its size within a tenth of the one before?","timeout":120,"mode":"alert","destinations":[)"
      R"({{"type":"slack","config":{{"channel":"#storage"}}}}],"backoffLimit":1,"suspend":false,)"
      R"("cancel":false}},"status":{{"phase":"Completed","startTime":"2026-11-26T09:00:01Z",)"
      R"("completionTime":"2026-11-26T09:00:41Z","result":"pass","message":"All 7 backups finished )"
      R"(and none is smaller than the day before.","rationale":"The CronJob pods of the night ended )"
      R"(with exit code 0. Their logs say \"backup complete\" with sizes between 1.2 and 48 GiB,\nand )"
      R"(each is within 3 % of the size of the night before.","duration":39.8,)"
      R"("modelUsed":"gpt-4o","conditions":[{{"type":"Complete","status":"True","reason":"Answered",)"
      R"("message":"","lastTransitionTime":"2026-11-26T09:00:41Z","observedGeneration":1}},)"
      R"({{"type":"Passed","status":"True","reason":"Passed","message":"","lastTransitionTime":)"
      R"("2026-11-26T09:00:41Z","observedGeneration":1}}],"run":1,"attempts":[{{"run":1,"number":1,)"
      R"("id":"a3f1c9a5277b04c1e9d56-1-1","startTime":"2026-11-26T09:00:01Z","endTime":)"
      R"("2026-11-26T09:00:41Z","outcome":"Answered"}}],"rerunAccepted":false,)"
      R"("observedGeneration":1,"usage":{{"modelCalls":3,"toolCalls":4,"inputTokens":8123,)"
      R"("cachedInputTokens":4096,"outputTokens":512,"costUSD":"0.0213"}},"evidence":[{{"tool":)"
      R"("kubectl_logs","arguments":"{{\"pod\":\"backup-1\"}}","summary":"backup complete: 48 GiB",)"
      R"("bytes":5120}}]}}}})",
      number, 100'000 + number);
  return parse_json_object(text).value();
}

const std::string& stream() {
  static const std::string kStream = [] {
    std::string text;
    for (size_t i = 0; i < kEvents; ++i) {
      text += to_text(json::object{{"type", "MODIFIED"}, {"object", finished_check(i)}}) + "\n";
    }
    return text;
  }();
  return kStream;
}

template <class Take>
void decode_all(const Take& take) {
  const std::string_view bytes = stream();
  kube::WatchDecoder decoder;
  size_t events = 0;
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    decoder.feed(bytes.substr(at, kPieceBytes));
    while (true) {
      const Result<std::optional<kube::WatchEvent>> event = decoder.next();
      HOLMES_ASSERT(event.has_value());
      if (!event->has_value()) break;
      take((*event)->object);
      ++events;
    }
  }
  HOLMES_ASSERT(events == kEvents);
}

void run(benchmark::State& state, const std::function<void(const json::object&)>& take) {
  for (auto _ : state) decode_all(take);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(stream().size()));
  state.counters["event_bytes"] = static_cast<double>(stream().size() / kEvents);
}

void watch(benchmark::State& state) {
  run(state, [](const json::object& object) { benchmark::DoNotOptimize(object.size()); });
}
BENCHMARK(watch);

void watch_to_objects(benchmark::State& state) {
  run(state, [](const json::object& object) {
    const auto check = std::make_shared<const HealthCheck>(*HealthCheck::from_json(object));
    benchmark::DoNotOptimize(check->status.phase);
  });
}
BENCHMARK(watch_to_objects);

}  // namespace
}  // namespace holmes

BENCHMARK_MAIN();
