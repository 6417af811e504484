#include "cmd/recorded_runs.h"

#include <algorithm>
#include <string>

#include "holmes/tools/redact.h"

namespace holmes {

const Recording* RecordedRuns::next(std::string_view name, std::string_view query) {
  const std::string asked = redact(query);  // as it was recorded
  auto found = std::ranges::find_if(recordings_, [&](const Recording& recording) {
    return recording.name == name && recording.query == asked;
  });
  if (found == recordings_.end()) found = std::ranges::find(recordings_, asked, &Recording::query);
  if (found == recordings_.end()) return nullptr;
  std::rotate(found, found + 1, recordings_.end());
  return &recordings_.back();
}

}  // namespace holmes
