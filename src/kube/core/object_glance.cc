#include "kube/core/object_glance.h"

#include <string>

#include <simdjson.h>

namespace holmes::kube {
namespace {

namespace ondemand = simdjson::ondemand;

// In the order in which the API server writes custom resources, so that one pass finds all.
bool read_metadata(simdjson::simdjson_result<ondemand::value> metadata, ObjectGlance::Seen& seen) {
  ondemand::object members;
  if (metadata.get_object().get(members) != simdjson::SUCCESS) return false;
  const auto read = [&members](std::string_view name, std::string_view& into) {
    return members.find_field_unordered(name).get_string().get(into) == simdjson::SUCCESS;
  };
  if (!read("name", seen.name)) return false;
  const auto ns = members.find_field_unordered("namespace").get_string().get(seen.ns);
  if (ns != simdjson::SUCCESS && ns != simdjson::NO_SUCH_FIELD) return false;
  return read("resourceVersion", seen.resource_version) && read("uid", seen.uid);
}

}  // namespace

struct ObjectGlance::Parser {
  ondemand::parser parser;
  std::string text;  // with the space behind it that the parser wants
  ondemand::document document;

  bool begin(std::string_view from) {
    if (from.size() > kMaxGlanceBytes) return false;
    text.reserve(from.size() + simdjson::SIMDJSON_PADDING);
    text.assign(from);
    return parser.iterate(text.data(), text.size(), text.capacity()).get(document) ==
           simdjson::SUCCESS;
  }
};

ObjectGlance::ObjectGlance() : parser_(std::make_unique<Parser>()) {}
ObjectGlance::~ObjectGlance() = default;
ObjectGlance::ObjectGlance(ObjectGlance&&) noexcept = default;
ObjectGlance& ObjectGlance::operator=(ObjectGlance&&) noexcept = default;

std::optional<ObjectGlance::Seen> ObjectGlance::of_event(std::string_view line) & {
  Seen seen;
  if (!parser_->begin(line)) return std::nullopt;
  ondemand::document& event = parser_->document;
  const bool typed =
      event.find_field_unordered("type").get_string().get(seen.event_type) == simdjson::SUCCESS;
  if (!typed || !read_metadata(event["object"]["metadata"], seen)) return std::nullopt;
  return seen;
}

std::optional<ObjectGlance::Seen> ObjectGlance::of_object(std::string_view text) & {
  Seen seen;
  if (!parser_->begin(text) || !read_metadata(parser_->document["metadata"], seen)) {
    return std::nullopt;
  }
  return seen;
}

}  // namespace holmes::kube
