// The configuration file: a flat YAML map of option keys. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"

namespace holmes {

// Words by file key; a list of words is joined by commas, an empty value is left out. Fails with
// kInvalid: not YAML (with the line), not a map, a key that no option has (naming near ones), a key
// twice, or a value that is neither a word nor a list of words. `path` is for messages only.
Result<std::map<std::string, std::string>> parse_config_file(std::string_view text,
                                                             const std::string& path,
                                                             const std::vector<Option>& options);

}  // namespace holmes
