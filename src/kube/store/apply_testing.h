// Plays steps that were recorded from kube-apiserver 1.35, and compares what becomes of the object.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kube/store/apply.h"
#include "kube/store/managed_fields.h"
#include "kube/store/patch.h"
#include "kube/store/same_json.h"

namespace holmes::kube {

struct ApplyStep {
  std::string_view verb;  // "none": there is no object; "new": nobody applied it yet; apply; merge
  std::string_view manager;
  std::string_view subresource;
  bool force;
  std::string_view body;
  int code;  // 0: accepted
  std::string_view message;
  std::string_view result;  // without times and what the server sets
};

inline json::object read_object(std::string_view text) {
  Result<json::object> object = parse_json_object(text);
  EXPECT_TRUE(object.has_value()) << text;
  return object.value_or(json::object());
}

inline FieldOwner owner(std::string_view manager, std::string_view subresource = "", int day = 1) {
  return {std::string(manager), std::string(subresource),
          WallTime(std::chrono::days(20'000 + day))};
}

// Entries in the order of their owners, without their times.
inline std::vector<ManagedFields> owners(const json::object& object) {
  std::vector<ManagedFields> out =
      parse_managed_fields(object).value_or(std::vector<ManagedFields>());
  for (ManagedFields& entry : out) entry.time.clear();
  std::ranges::sort(out, {}, [](const ManagedFields& entry) {
    return entry.manager + (entry.applied ? " applied" : "") + entry.subresource;
  });
  return out;
}

inline json::object without_owners(json::object object) {
  object.at("metadata").as_object().erase("managedFields");
  return object;
}

inline std::string owners_text(const json::object& object) {
  std::string out;
  for (const ManagedFields& entry : owners(object)) {
    out += entry.manager + " " + to_text(entry.fields.to_json()) + "\n";
  }
  return out;
}

inline void expect_same(const json::object& object, const json::object& wanted) {
  EXPECT_TRUE(same_json(without_owners(object), without_owners(wanted)))
      << to_text(without_owners(object)) << "\nis not\n"
      << to_text(without_owners(wanted));
  EXPECT_EQ(owners(object), owners(wanted)) << owners_text(object) << "are not\n"
                                            << owners_text(wanted);
}

inline Answer<json::object> take_step(const Kind& kind, const json::object* live,
                                      const ApplyStep& step) {
  const FieldOwner writer = owner(step.manager, step.subresource);
  if (step.verb == "apply") {
    return apply_object(kind, live, read_object(step.body), writer, step.force);
  }
  json::object after = apply_merge_patch(*live, read_object(step.body));
  note_owner(kind, *live, after, writer);
  return after;
}

inline void play(const Kind& kind, std::span<const ApplyStep> steps) {
  std::unique_ptr<json::object> live;
  for (size_t i = 0; i < steps.size(); ++i) {
    const ApplyStep& step = steps[i];
    SCOPED_TRACE(testing::Message() << "step " << i << ": " << step.verb << " by " << step.manager);
    if (step.verb == "none" || step.verb == "new") {
      live = step.verb == "none" ? nullptr : std::make_unique<json::object>(read_object(step.body));
      continue;
    }
    const Answer<json::object> result = take_step(kind, live.get(), step);
    ASSERT_EQ(result.has_value() ? 0 : result.error().code, step.code)
        << (result.has_value() ? "" : result.error().message);
    if (!result) {
      EXPECT_EQ(result.error().message, step.message);
      continue;
    }
    expect_same(*result, read_object(step.result));
    live = std::make_unique<json::object>(*result);
  }
}

}  // namespace holmes::kube
