// What the containers of the sample cluster do, by their image: a table. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace holmes {

struct DemoContainer {
  std::string_view image;  // without the tag; "": any other
  std::chrono::seconds ready_after{1};
  // Set: it ends after this time, with that code, unless the service that it needs is there.
  std::optional<std::chrono::seconds> runs_for{};
  int exit_code = 0;
  std::string_view needs_service{};  // in the pod's namespace
  std::string_view log{};            // what it writes when it starts
  std::string_view last_words{};     // and when it fails
};

// By an image with or without a tag. A container of an image that the demo does not know runs well,
// and ends well after some seconds where nobody wants it to be started again (jobs).
DemoContainer demo_container(std::string_view image, std::string_view restart_policy);

// The log of a container in its present instance, or in the one before: lines with their times.
// nullopt when that never ran.
std::optional<std::string> demo_container_log(const json::object& pod, std::string_view container,
                                              bool previous);

}  // namespace holmes
