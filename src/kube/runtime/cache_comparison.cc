#include "kube/runtime/cache_comparison.h"

#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "kube/core/watch_event.h"
#include "kube/runtime/list_watch.h"

namespace holmes::kube {

std::string state_text(const ObjectMeta& meta) {
  return fmt::format("{} of {}", meta.resource_version, meta.uid);
}

Task<Result<Response>> CacheComparison::send(Request request, Stop stop) {
  const StopSource bounded(stop, loop_, loop_.mono_now() + kListTimeout);
  co_return co_await transport_.send(std::move(request), bounded.stop());
}

Task<Result<std::vector<std::string>>> CacheComparison::run(CachedStates cached,
                                                            ListOptions options, Stop stop) {
  options.limit = kListPageItems;
  options.resource_version_match = "Exact";
  std::vector<std::string> found;
  do {
    HOLMES_CO_TRY(const Response page, co_await send(list_request(type_, options), stop));
    HOLMES_CO_TRY(const DecodedList list, decode_list(page.body));
    for (const json::object& item : list.items) {
      const Result<ErasedObject> read = read_(item);
      if (!read) continue;
      const ObjectMeta& listed = *read->meta;
      if (cached.ahead.contains(listed.key())) continue;
      const std::string expected = state_text(listed);
      const auto node = cached.states.extract(listed.key());
      if (!node.empty() && node.mapped() == expected) continue;
      if (node.empty()) {
        HOLMES_CO_TRY(const bool still, co_await is_still(listed, stop));
        if (!still) continue;
      }
      found.push_back(fmt::format("{}: cached is {}, listed is {}", listed.key().to_text(),
                                  node.empty() ? "nothing" : node.mapped(), expected));
    }
    options.continue_token = list.continue_token;
    options.resource_version.clear();
    options.resource_version_match.clear();
  } while (!options.continue_token.empty() && found.size() < kMaxDifferences);
  for (const auto& [key, actual] : cached.states) {
    if (found.size() >= kMaxDifferences) break;
    found.push_back(fmt::format("{}: cached is {}, listed is nothing", key.to_text(), actual));
  }
  co_return found;
}

Task<Result<bool>> CacheComparison::is_still(ObjectMeta listed, Stop stop) {
  const Result<Response> answer = co_await send(get_request(type_, listed.key()), std::move(stop));
  if (!answer && answer.error().code == ErrorCode::kNotFound) co_return false;
  if (!answer) co_return fail(answer.error());
  HOLMES_CO_TRY(const json::object object, parse_json_object(answer->body, kApiReading));
  co_return json_string_or(object, {"metadata", "uid"}) ==
      listed.uid&& json_string_or(object, {"metadata", "resourceVersion"}) ==
      listed.resource_version;
}

}  // namespace holmes::kube
