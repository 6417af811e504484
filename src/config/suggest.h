// "Did you mean": names that are a slip of the finger away from a word. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holmes {

// The nearest candidates, nearest first, at most three; none when nothing is near.
std::vector<std::string> near_names(std::string_view word,
                                    const std::vector<std::string>& candidates);

// " (did you mean --port?)", or "" when nothing is near. `prefix` is put before each name.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates,
                         std::string_view prefix = "");

}  // namespace holmes
