// The options of `holmes check run`.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cmd/check_selection.h"
#include "cmd/check_service.h"
#include "cmd/common_options.h"
#include "net/url.h"

namespace holmes {

struct CheckSettings {
  std::vector<std::string> questions;
  std::vector<std::string> files;
  std::string replay;    // folder of recordings; empty: none
  std::string snapshot;  // what was saved of a cluster, a file or a folder; empty: none
  CheckSelection selection;
  CheckOverrides overrides;
  std::string mode;  // empty: each check's own
  size_t parallel = 1;
  bool watch = false;
  std::chrono::seconds interval{60};
  std::string output = "table";
  size_t verbose = 0;
  bool model_by_flag = false;
  bool channel_by_flag = false;
  std::optional<Url> server;
  CheckServiceOptions checks;  // api_key is what the server wants to see
  ClusterOptions cluster;
  ProxyOptions proxies;
  LogOptions log{LogLevel::kWarning, "text"};

  OptionTable make_table();
  // After the table was read. Fails with kInvalid on a question that no check may ask and on
  // options that exclude each other.
  Status complete();

 private:
  Status check_questions() const;
  Status choose_alerts();
};

}  // namespace holmes
