#include "kube/store/list_query.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/hash.h"
#include "kube/store/field_error.h"
#include "kube/store/label_syntax.h"
#include "kube/store/object_view.h"
#include "kube/store/write_options.h"

namespace holmes::kube {
namespace {

constexpr int64_t kMaxTimeoutSeconds = 24 * 3600;
constexpr std::string_view kTokenVersion = "meta.k8s.io/v1";

std::optional<int64_t> signed_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// nullopt when the parameter is absent.
Answer<std::optional<int64_t>> number_parameter(const ApiRequest& request, std::string_view name) {
  const std::string_view text = request.parameter(name);
  if (!request.has(name)) return std::nullopt;
  if (const auto number = signed_number(text)) return number;
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  return refuse(bad_request(fmt::format("strconv.ParseInt: parsing \"{}\": {}", text,
                                        digits ? "value out of range" : "invalid syntax")));
}

std::string not_a_version(std::string_view text) {
  return fmt::format(
      "resourceVersion: Invalid value: {}: strconv.ParseUint: parsing {}: invalid "
      "syntax",
      quoted(text), quoted(text));
}

// What the version parameters may not say together.
Answer<void> check_version_match(const ApiRequest& request) {
  const std::string_view match = request.parameter("resourceVersionMatch");
  const std::string_view version = request.parameter("resourceVersion");
  Causes causes;
  const auto forbid = [&](std::string_view why) {
    causes.push_back(
        {"resourceVersionMatch", "FieldValueForbidden", fmt::format("Forbidden: {}", why)});
  };
  if (match.empty()) return {};
  if (request.flag("watch")) {
    if (!request.has("sendInitialEvents")) {
      forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
      return refuse(invalid_options("ListOptions", std::move(causes)));
    }
    return {};
  }
  if (version.empty()) {
    forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (request.has("continue") && !request.parameter("continue").empty()) {
    forbid("resourceVersionMatch is forbidden when continue is provided");
  }
  if (match != "Exact" && match != "NotOlderThan") {
    causes.push_back({"resourceVersionMatch", "FieldValueNotSupported",
                      fmt::format("Unsupported value: \"{}\": supported values: \"Exact\", "
                                  "\"NotOlderThan\", \"\"",
                                  match)});
  }
  if (match == "Exact" && version == "0") {
    forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  if (causes.empty()) return {};
  return refuse(invalid_options("ListOptions", std::move(causes)));
}

Answer<void> check_initial_events(const ApiRequest& request) {
  if (!request.has("sendInitialEvents")) return {};
  Causes causes;
  const auto forbid = [&](std::string_view field, std::string_view why) {
    causes.push_back(
        {std::string(field), "FieldValueForbidden", fmt::format("Forbidden: {}", why)});
  };
  if (!request.flag("watch")) {
    forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
  } else if (request.parameter("resourceVersionMatch") != "NotOlderThan") {
    const std::string_view match = request.parameter("resourceVersionMatch");
    forbid("resourceVersionMatch",
           "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    if (!match.empty()) {
      causes.push_back(
          field::not_supported("resourceVersionMatch", json::value(match), {"NotOlderThan"}));
    }
  }
  if (causes.empty()) return {};
  return refuse(invalid_options("ListOptions", std::move(causes)));
}

}  // namespace

Answer<Selection> Selection::parse(const Kind& kind, const ApiRequest& request) {
  Selection selection;
  Result<LabelSelector> labels = LabelSelector::parse(request.parameter("labelSelector"));
  if (!labels) return refuse(bad_request(labels.error().message));
  Result<FieldSelector> fields = FieldSelector::parse(request.parameter("fieldSelector"));
  if (!fields) return refuse(bad_request(fields.error().message));
  for (const FieldSelector::Requirement& requirement : fields->requirements()) {
    const bool known = requirement.field == "metadata.name" ||
                       requirement.field == "metadata.namespace" ||
                       std::ranges::find(kind.selectable_fields, requirement.field) !=
                           kind.selectable_fields.end();
    if (known) continue;
    // Kinds with labels of their own say it in other words.
    const bool listed = !kind.selectable_fields.empty();
    const bool built_in = kind.schema == nullptr && !listed;
    return refuse(bad_request(
        built_in ? fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", "
                               "\"metadata.namespace\"",
                               requirement.field)
                 : fmt::format("field label not supported: {}", requirement.field)));
  }
  selection.labels_ = *std::move(labels);
  selection.fields_ = *std::move(fields);
  return selection;
}

bool Selection::matches(const Kind& kind, const StoredObject& object) const {
  if (!labels_.matches(object.labels)) return false;
  std::optional<json::object> parsed;
  return std::ranges::all_of(fields_.requirements(), [&](const auto& requirement) {
    if (requirement.field == "metadata.name") {
      return (object.key.name == requirement.value) == requirement.equal;
    }
    if (requirement.field == "metadata.namespace") {
      return (object.key.ns == requirement.value) == requirement.equal;
    }
    if (!parsed) parsed = read_view(kind, object);
    return (field_text(*parsed, requirement.field) == requirement.value) == requirement.equal;
  });
}

std::string ContinueToken::encode() const {
  const json::object token{
      {"v", kTokenVersion}, {"rv", version}, {"start", fmt::format("{}/{}", after.ns, after.name)}};
  std::string text = base64_encode(to_text(token));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::expected<ContinueToken, std::string> ContinueToken::decode(std::string_view text) {
  const size_t illegal = std::min(
      text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      text.size() % 4 == 1 ? text.size() - 1 : std::string_view::npos);
  if (illegal != std::string_view::npos) {
    return std::unexpected(fmt::format("illegal base64 data at input byte {}", illegal));
  }
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const Result<std::string> plain = base64_decode(padded);
  if (!plain) return std::unexpected(plain.error().message);
  const Result<json::object> token = parse_json_object(*plain);
  if (!token) return std::unexpected(token.error().message);
  const std::string of = json_string_or(*token, {"v"});
  if (of != kTokenVersion) {
    return std::unexpected(fmt::format("server does not recognize this encoded version {}", of));
  }
  const int64_t version = json_int(*token, {"rv"}).value_or(0);
  if (version <= 0) {
    return std::unexpected(fmt::format("incorrect encoded start resourceVersion (version {})",
                                       std::string_view(kTokenVersion)));
  }
  const std::string start = json_string_or(*token, {"start"});
  const size_t slash = start.find('/');
  if (slash == std::string::npos) {
    return std::unexpected(fmt::format("invalid start key: {}", start));
  }
  return ContinueToken{version, {start.substr(0, slash), start.substr(slash + 1)}};
}

Answer<int64_t> read_version(const ApiRequest& request) {
  const std::string_view text = request.parameter("resourceVersion");
  if (text.empty()) return 0;
  if (const auto version = whole_number(text)) return *version;
  Refusal refusal;  // an internal error, as the API server has it
  refusal.message = not_a_version(text);
  return refuse(std::move(refusal));
}

Answer<ListQuery> read_list_query(const Kind& kind, const ApiRequest& request) {
  ListQuery query;
  Answer<Selection> selection = Selection::parse(kind, request);
  if (!selection) return refuse(selection.error());
  query.selection = *std::move(selection);
  if (Answer<void> fine = check_version_match(request); !fine) return refuse(fine.error());
  if (Answer<void> fine = check_initial_events(request); !fine) return refuse(fine.error());
  const auto limit = number_parameter(request, "limit");
  if (!limit) return refuse(limit.error());
  // What the API server has in its cache it gives whole.
  const bool cached = request.parameter("resourceVersion") == "0" &&
                      request.parameter("resourceVersionMatch") != "Exact";
  query.limit = cached ? 0 : std::max<int64_t>(limit->value_or(0), 0);
  const Answer<int64_t> version = read_version(request);
  if (!version) {
    return refuse(bad_request("invalid resource version: " + version.error().message));
  }
  if (const std::string_view token = request.parameter("continue"); !token.empty()) {
    if (*version > 0) {
      return refuse(bad_request("specifying resource version is not allowed when using continue"));
    }
    auto from = ContinueToken::decode(token);
    if (!from) {
      return refuse(
          bad_request("invalid continue token: continue key is not valid: " + from.error()));
    }
    query.from = *std::move(from);
    return query;
  }
  if (*version == 0) return query;
  // With a limit and no word about it, a version is that very one.
  const std::string_view match = request.parameter("resourceVersionMatch");
  const bool exact = match == "Exact" || (match.empty() && query.limit > 0);
  (exact ? query.exact : query.not_older) = *version;
  return query;
}

Answer<WatchQuery> read_watch_query(const Kind& kind, const ApiRequest& request) {
  WatchQuery query;
  Answer<Selection> selection = Selection::parse(kind, request);
  if (!selection) return refuse(selection.error());
  query.selection = *std::move(selection);
  if (Answer<void> fine = check_version_match(request); !fine) return refuse(fine.error());
  if (Answer<void> fine = check_initial_events(request); !fine) return refuse(fine.error());
  const Answer<int64_t> version = read_version(request);
  if (!version) return refuse(version.error());
  const bool initial = request.flag("sendInitialEvents");
  const bool only_changes = request.has("sendInitialEvents") && !initial;
  if (!initial && *version > 0) query.after = *version;
  if (only_changes && !query.after) query.after = -1;  // from now on
  query.bookmarks = request.flag("allowWatchBookmarks");
  query.marks_initial_end = initial && query.bookmarks;
  const auto timeout = number_parameter(request, "timeoutSeconds");
  if (!timeout) return refuse(timeout.error());
  if (timeout->value_or(0) > 0) {
    query.timeout = std::chrono::seconds(std::min(**timeout, kMaxTimeoutSeconds));
  }
  return query;
}

}  // namespace holmes::kube
