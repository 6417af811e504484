// Recorded runs that answer in place of a model.
#pragma once

#include <string_view>
#include <vector>

#include "holmes/checks/recording.h"

namespace holmes {

class RecordedRuns {
 public:
  explicit RecordedRuns(std::vector<Recording> recordings) : recordings_(std::move(recordings)) {}

  // A run of this question: one of the check of this name; else one of any check, as schedules give
  // each of theirs a name of its own. Of several each gets its turn. nullptr: there is none. Lives
  // until the next call.
  const Recording* next(std::string_view name, std::string_view query);

 private:
  std::vector<Recording> recordings_;
};

}  // namespace holmes
