// Counts that a rationale quotes, held against what the tools answered. Pure.
//
// "3 of 4", "3 out of 4" and "3/4" are counts. One is supported when a single answer has both
// numbers, or when the answer counts the whole: a table has that many rows, or rows with one word
// in common (the pods of an application), or a list has that many items. A part of 0 and a part of
// counted rows need not be written down: APIs leave out zeros, and which rows are meant is the
// model's judgement.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holmes {

// The first count that no answer supports, as it is written; nullopt: all are supported.
std::optional<std::string> unsupported_count(std::string_view rationale,
                                             const std::vector<std::string>& answers);

}  // namespace holmes
