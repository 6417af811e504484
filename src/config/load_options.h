// Options from three places, in this order of precedence: flags, environment variables, the file
// that --config or HOLMES_CONFIG_PATH names. Pure but for the file, which is read by a function.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"

namespace holmes {

struct OptionSources {
  std::vector<std::string> arguments;  // after the command's name
  std::map<std::string, std::string> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;
};

// The option --config, which every table has whose options may stand in a file; it is not in the
// table.
std::optional<Option> config_option(const OptionTable& table);

enum class Loaded { kOptions, kHelp };

// Sets the targets of the table. White space around values is dropped; an environment variable that
// is then empty counts as not set. kHelp: --help stood among the flags, no target was touched.
// Fails with kInvalid and one sentence for the user, who should see it with exit code 2:
//   --max-concurrent-checks: 'many' must be an integer from 1 to 1000
//   EXPR is missing; --help has an example
//   HOLMES_PORT: '70000' must be ...
//   /etc/holmes.yaml: port: '70000' must be ...
// or with the code of read_file. A secret's value is not quoted.
Result<Loaded> load_options(const OptionTable& table, const OptionSources& sources);

}  // namespace holmes
