// The options of models as the commands take them, and the model list file.
#pragma once

#include <map>
#include <string>

#include "async/files.h"
#include "base/log.h"
#include "base/result.h"
#include "cmd/recorded_runs.h"
#include "config/option_table.h"
#include "holmes/llm/model_table.h"

namespace holmes {

// Where the list is looked for when MODEL_LIST_FILE_LOCATION is not set: as HolmesGPT does.
inline constexpr std::string_view kServerModelList = "/etc/holmes/config/model_list.yaml";
inline constexpr std::string_view kHomeModelList = ".holmes/model_list.yaml";  // below HOME

struct ModelSetup {
  ModelOptions options{};
  std::string list_path{};     // MODEL_LIST_FILE_LOCATION; load() makes it the file that was read
  std::string extra_ca_pem{};  // CERTIFICATE, decoded
  std::map<std::string, RecordedRuns> recordings{};  // by the names of the list

  // MODEL, its providers' variables, MODEL_LIST_FILE_LOCATION, TEMPERATURE and their kin. The table
  // is used while this stands where it stands.
  void add_to(OptionTable& table);

  // Reads the list, when there is one, and the recordings that it names. Warnings are logged.
  // Mistakes go to stderr, a line each with its place; then it fails with kInvalid and how many
  // there are.
  Status load(const Files& files, const std::map<std::string, std::string>& environment,
              const Logger& log);
};

}  // namespace holmes
