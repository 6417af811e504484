// One object: get, create, replace, patch, delete, and their guards.

#include <gmock/gmock.h>

#include "contract_testing.h"

namespace holmes::kube {
namespace {

using ::testing::HasSubstr;

class Objects : public Contract {};

TEST_F(Objects, ACreateReturnsTheObjectAsItIsStored) {
  const Toy made = make("a", 7);
  EXPECT_EQ(made.size, 7);
  EXPECT_EQ(made.meta.ns, ns);
  EXPECT_EQ(made.meta.generation, 1);
  EXPECT_FALSE(made.meta.uid.empty());
  EXPECT_GT(made.meta.creation_timestamp, loop.wall_now() - std::chrono::minutes(5));
  EXPECT_EQ(live("a").meta, made.meta);
}

TEST_F(Objects, ACreateOfATakenNameIsAlreadyExists) {
  make("a");
  const auto again = run(toys->create(ns, new_toy("a").to_json(), limit()));
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  EXPECT_THAT(again.error().message, HasSubstr("create toys " + ns + "/a"));
}

TEST_F(Objects, ACreateThatTheSchemaRefusesIsInvalidAndNamesEachField) {
  json::object toy = new_toy("a", 1001).to_json();
  toy["spec"].as_object()["colour"] = "green";
  const auto refused = run(toys->create(ns, toy, limit()));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("spec.size"));
  EXPECT_THAT(refused.error().message, HasSubstr("spec.colour"));
}

TEST_F(Objects, ACreateInANamespaceThatIsNotThereIsNotFound) {
  const auto refused = run(toys->create(ns + "-not", new_toy("a").to_json(), limit()));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
}

TEST_F(Objects, AGetSaysWhatIsMissing) {
  const auto object = run(toys->get(key("a"), limit()));
  ASSERT_FALSE(object.has_value());
  EXPECT_EQ(object.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(object.error().message, HasSubstr("get toys " + ns + "/a"));
  ResourceType unknown = Toy::resource();
  unknown.plural = "dolls";
  const auto kind = send(get_request(unknown, key("a")));
  ASSERT_FALSE(kind.has_value());
  EXPECT_EQ(kind.error().code, ErrorCode::kNotFound);
}

TEST_F(Objects, AnObjectThatItsTypeCannotReadIsAProtocolErrorThatNamesIt) {
  make("a");
  must(patch_request(Toy::resource(), key("a"), PatchType::kMerge, {{"spec", {{"size", -1}}}}));
  const auto read = run(toys->get(key("a"), limit()));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kProtocol);
  EXPECT_THAT(read.error().message, HasSubstr(ns + "/a"));
}

TEST_F(Objects, AReplaceIsRefusedAsConflictWhenSomebodyWroteFirst) {
  const Toy old = make("a", 1);
  Toy next = old;
  next.size = 2;
  const auto first = run(toys->replace(key("a"), next.to_json(), limit()));
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->meta.generation, 2);
  next.size = 3;
  const auto second = run(toys->replace(key("a"), next.to_json(), limit()));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(live("a").size, 2);
}

TEST_F(Objects, AReplaceThatChangesNothingKeepsTheVersion) {
  const Toy made = make("a", 1);
  const auto same = run(toys->replace(key("a"), made.to_json(), limit()));
  ASSERT_TRUE(same.has_value()) << same.error().message;
  EXPECT_EQ(same->meta.resource_version, made.meta.resource_version);
}

TEST_F(Objects, AReplaceOfWhatIsGoneOrWasMadeAnewIsRefused) {
  Toy old = make("a");
  ASSERT_TRUE(run(toys->remove(key("a"), {}, limit())).has_value());
  const auto gone = run(toys->replace(key("a"), old.to_json(), limit()));
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
  make("a");
  old.meta.resource_version = live("a").meta.resource_version;
  const auto other = run(toys->replace(key("a"), old.to_json(), limit()));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

TEST_F(Objects, StatusAndSpecAreWrittenAtDifferentDoors) {
  Toy toy = make("a", 1);
  toy.size = 2;
  toy.mood = "glad";
  const auto status = run(toys->replace_status(key("a"), toy.to_json(), limit()));
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(status->mood, "glad");
  EXPECT_EQ(status->size, 1);
  EXPECT_EQ(status->meta.generation, 1);
  Toy next = *status;
  next.size = 2;
  next.mood = "sad";
  const auto spec = run(toys->replace(key("a"), next.to_json(), limit()));
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->mood, "glad");
  EXPECT_EQ(spec->size, 2);
  const json::object read = must(get_request(Toy::resource(), key("a"), "status"));
  EXPECT_EQ(json_string(read, {"status", "mood"}), "glad");
}

TEST_F(Objects, AStatusIsGuardedByItsVersion) {
  Toy toy = make("a");
  toy.mood = "glad";
  ASSERT_TRUE(run(toys->replace_status(key("a"), toy.to_json(), limit())).has_value());
  toy.mood = "sad";
  for (const auto& code :
       {run(toys->replace_status(key("a"), toy.to_json(), limit())).error().code,
        run(toys->write_status(key("a"), to_text(toy.to_json()), limit())).error().code}) {
    EXPECT_EQ(code, ErrorCode::kConflict);
  }
  EXPECT_EQ(live("a").mood, "glad");
}

TEST_F(Objects, AStatusMayBeWrittenForItsVersionAlone) {
  Toy toy = make("a");
  toy.mood = "glad";
  const auto version = run(toys->write_status(key("a"), to_text(toy.to_json()), limit()));
  ASSERT_TRUE(version.has_value()) << version.error().message;
  EXPECT_EQ(live("a").mood, "glad");
  EXPECT_EQ(live("a").meta.resource_version, *version);
  Request request = get_request(Toy::resource(), key("a"));
  request.accept = kMetadataAccept;
  const json::object metadata = must(request);
  EXPECT_EQ(json_string(metadata, {"kind"}), "PartialObjectMetadata");
  EXPECT_FALSE(metadata.contains("spec"));
}

TEST_F(Objects, AMergePatchMayCarryItsGuards) {
  const Toy made = make("a", 1);
  const auto patch = [&](const json::object& metadata, int64_t size) {
    return run(toys->merge_patch(
        key("a"), json::object{{"metadata", metadata}, {"spec", {{"size", size}}}}, limit()));
  };
  const auto patched = patch({{"uid", made.meta.uid}}, 2);
  ASSERT_TRUE(patched.has_value()) << patched.error().message;
  EXPECT_EQ(patched->size, 2);
  const auto stale = patch({{"resourceVersion", made.meta.resource_version}}, 3);
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, ErrorCode::kConflict);
  const auto other = patch({{"uid", "00000000-0000-0000-0000-000000000000"}}, 4);
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kInvalid);  // "field is immutable", for custom resources
  EXPECT_EQ(live("a").size, 2);
}

TEST_F(Objects, AMergePatchOfTheStatusLeavesTheRest) {
  make("a", 1);
  const json::object patch{{"spec", {{"size", 2}}}, {"status", {{"mood", "glad"}}}};
  const auto patched = run(toys->merge_patch(key("a"), patch, limit(), "status"));
  ASSERT_TRUE(patched.has_value()) << patched.error().message;
  EXPECT_EQ(patched->mood, "glad");
  EXPECT_EQ(patched->size, 1);
}

TEST_F(Objects, AJsonPatchWhoseTestFailsIsInvalidAndChangesNothing) {
  make("a", 1);
  const auto patch = [&](int64_t expected) {
    return run(toys->json_patch(
        key("a"),
        json::array{json::object{{"op", "test"}, {"path", "/spec/size"}, {"value", expected}},
                    json::object{{"op", "replace"}, {"path", "/spec/size"}, {"value", 5}}},
        limit()));
  };
  const auto refused = patch(2);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(live("a").size, 1);
  ASSERT_TRUE(patch(1).has_value());
  EXPECT_EQ(live("a").size, 5);
}

TEST_F(Objects, TheRemovalOfAnAnnotationIsOfOneVersionOnly) {
  make("a");
  const json::object annotate{{"metadata", {{"annotations", {{"toys.test/now", "true"}}}}}};
  const Toy asked = run(toys->merge_patch(key("a"), annotate, limit())).value();
  const json::array removal = annotation_removal(asked.meta, "toys.test/now");
  const auto removed = run(toys->json_patch(key("a"), removal, limit()));
  ASSERT_TRUE(removed.has_value()) << removed.error().message;
  EXPECT_TRUE(removed->meta.annotations.empty());
  ASSERT_TRUE(run(toys->merge_patch(key("a"), annotate, limit())).has_value());
  const auto late = run(toys->json_patch(key("a"), removal, limit()));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(live("a").meta.annotations.size(), 1U);
}

TEST_F(Objects, ADeleteIsGuardedByUidAndVersion) {
  const Toy old = make("a");
  const Toy now =
      run(toys->merge_patch(key("a"), json::object{{"spec", {{"size", 2}}}}, limit())).value();
  const auto remove = [&](DeleteOptions options) {
    return run(toys->remove(key("a"), std::move(options), limit()));
  };
  const Status other = remove({.uid = "00000000-0000-0000-0000-000000000000"});
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  const Status stale = remove({.uid = old.meta.uid, .resource_version = old.meta.resource_version});
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, ErrorCode::kConflict);
  EXPECT_EQ(live("a").size, 2);
  EXPECT_TRUE(remove({now.meta.uid, now.meta.resource_version, "Background"}).has_value());
  const Status gone = remove({});
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
}

TEST_F(Objects, ALogIsReadAsText) {
  json::object pod{
      {"metadata", {{"name", "talker"}, {"annotations", {{"fake.kubelet/logs", "one\ntwo\n"}}}}}};
  pod["spec"] = json::object{
      {"containers",
       json::array{json::object{{"name", "main"}, {"image", "registry.example/a:1"}}}}};
  must(create_request(kPods, ns, pod));
  Result<Response> log;
  EXPECT_TRUE(eventually([&] {
    log = send(get_request(kPods, key("talker"), "log"));
    return log.has_value() && !log->body.empty();
  }));
  EXPECT_EQ(log->body, "one\ntwo\n");
}

}  // namespace
}  // namespace holmes::kube
