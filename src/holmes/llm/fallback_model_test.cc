#include "holmes/llm/fallback_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "holmes/llm/fake_model_testing.h"
#include "holmes/llm/wire.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Script = std::vector<FakeModel::Turn>;

FakeModel::Turn fails(ModelErrorKind kind, std::string why = "no") {
  return {fail(kind, std::move(why))};
}

class FallbackModelTest : public testing::Test {
 protected:
  void make(Script first, Script second, Script third = {}) {
    first_ = std::make_unique<FakeModel>(loop_, std::move(first), "first");
    second_ = std::make_unique<FakeModel>(loop_, std::move(second), "second");
    third_ = std::make_unique<FakeModel>(loop_, std::move(third), "third");
    first_->known_price = Price{1, 1, 1, 1};
    second_->known_price = Price{2, 2, 2, 2};
    model_ = std::make_unique<FallbackModel>(
        loop_, std::vector<Model*>{first_.get(), second_.get(), third_.get()}, Logger());
  }
  ModelResult ask(ModelRequest request = {}, Stop stop = {}) {
    return loop_.run(model_->complete(std::move(request), std::move(stop)));
  }

  VirtualLoop loop_;
  std::unique_ptr<FakeModel> first_, second_, third_;
  std::unique_ptr<FallbackModel> model_;
};

TEST_F(FallbackModelTest, IsItsFirstModelWhileThatAnswers) {
  make({{says("one")}}, {});
  EXPECT_EQ(model_->name(), "first");
  EXPECT_EQ(model_->price()->input, 1);
  const auto reply = ask();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "one");
  EXPECT_FALSE(reply->stand_in);
  EXPECT_THAT(second_->requests, IsEmpty());
}

TEST_F(FallbackModelTest, TellsAllTheTimeThatWasWaitedAndOnlyWhatWasAsked) {
  ModelError never_asked(ModelErrorKind::kOverloaded, "the queue is full");
  never_asked.asked = false;
  never_asked.waited = std::chrono::seconds(3);
  ModelReply late = says("two");
  late.waited = std::chrono::seconds(4);
  make({{fail(never_asked)}}, {{late}});
  const auto reply = ask();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->waited, std::chrono::seconds(7));
  EXPECT_EQ(reply->usage.model_calls, 1);
}

struct Kind {
  ModelErrorKind kind;
  bool helps;
};
class FallbackKindTest : public FallbackModelTest, public testing::WithParamInterface<Kind> {};

TEST_P(FallbackKindTest, AsksAnotherOnlyWhenThatMayHelp) {
  make({fails(GetParam().kind)}, {{says("two")}});
  const auto reply = ask();
  EXPECT_EQ(reply.has_value(), GetParam().helps);
  EXPECT_THAT(second_->requests, SizeIs(GetParam().helps ? 1 : 0));
  if (!reply) {
    EXPECT_EQ(reply.error().kind, GetParam().kind);
    EXPECT_EQ(reply.error().message, "no");
    return;
  }
  ASSERT_TRUE(reply->stand_in);
  EXPECT_EQ(reply->stand_in->name, "second");
  EXPECT_EQ(reply->stand_in->price->input, 2);
  EXPECT_EQ(reply->usage.model_calls, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, FallbackKindTest,
    testing::Values(
        Kind{ModelErrorKind::kOverloaded, true}, Kind{ModelErrorKind::kRateLimited, true},
        Kind{ModelErrorKind::kQuotaExhausted, true}, Kind{ModelErrorKind::kServerError, true},
        Kind{ModelErrorKind::kNoConnection, true}, Kind{ModelErrorKind::kTimeout, true},
        Kind{ModelErrorKind::kAuthentication, false}, Kind{ModelErrorKind::kForbidden, false},
        Kind{ModelErrorKind::kUnknownModel, false}, Kind{ModelErrorKind::kInvalidRequest, false},
        Kind{ModelErrorKind::kContextTooLong, false}, Kind{ModelErrorKind::kContentRefused, false},
        Kind{ModelErrorKind::kUnreadable, false}, Kind{ModelErrorKind::kCancelled, false}));

TEST_F(FallbackModelTest, TellsOfAllWhenNobodyCan) {
  make({fails(ModelErrorKind::kOverloaded, "full")}, {fails(ModelErrorKind::kRateLimited, "slow")},
       {fails(ModelErrorKind::kQuotaExhausted, "broke")});
  const auto reply = ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ModelErrorKind::kQuotaExhausted);
  EXPECT_EQ(reply.error().message, "broke; before it: slow; before it: full");
}

TEST_F(FallbackModelTest, StaysWithTheModelThatAConversationCameTo) {
  make({{says("again")}}, {{says("two")}, fails(ModelErrorKind::kOverloaded)}, {{says("three")}});
  ModelRequest request;
  request.stand_in = "second";
  EXPECT_EQ(ask(request)->content, "two");
  const auto later = ask(request);
  EXPECT_EQ(later->content, "three");
  EXPECT_EQ(later->stand_in->name, "third");
  EXPECT_THAT(first_->requests, IsEmpty());
}

// A conversation as a check holds it: each reply goes back with its opaque content.
TEST_F(FallbackModelTest, SendsOpaqueContentToItsAuthorOnly) {
  ModelReply thought = says("one");
  thought.opaque = make_opaque("anthropic", "thoughts of the first");
  ModelReply other = says("two");
  other.opaque = make_opaque("anthropic", "thoughts of the second");
  make({{thought}, {says("once more")}, fails(ModelErrorKind::kOverloaded)},
       {{other}, {says("end")}});

  ModelRequest request;
  const auto reply = ask(request);
  request.messages.push_back({Role::kAssistant, reply->content, {}, "", reply->opaque});
  ask(request);
  EXPECT_NE(find_opaque(first_->requests[1].messages[0], "anthropic"), nullptr);

  const auto fallen = ask(request);
  ASSERT_TRUE(fallen);
  EXPECT_TRUE(second_->requests[0].messages[0].opaque.is_null());
  request.stand_in = fallen->stand_in->name;
  request.messages.push_back({Role::kAssistant, fallen->content, {}, "", fallen->opaque});
  ask(request);
  EXPECT_TRUE(second_->requests[1].messages[0].opaque.is_null());
  EXPECT_NE(find_opaque(second_->requests[1].messages[1], "anthropic"), nullptr);
}

TEST_F(FallbackModelTest, DoesNotWaitForAModelWithoutRoomWhileThereIsAnother) {
  make({{says("one")}}, {{says("two")}});
  first_->full = true;
  EXPECT_TRUE(model_->room_for("ns", std::chrono::seconds(1)));
  const StopSource stop({}, loop_, loop_.mono_now() + std::chrono::seconds(5));
  EXPECT_EQ(ask({}, stop.stop())->stand_in->name, "second");
  EXPECT_THAT(first_->requests, IsEmpty());
  // Nobody has room: the check is not taken, and one that runs waits at the last.
  second_->full = third_->full = true;
  EXPECT_FALSE(model_->room_for("ns", std::chrono::seconds(1)));
  EXPECT_FALSE(ask({}, stop.stop()));
  EXPECT_THAT(third_->requests, SizeIs(1));
}

TEST_F(FallbackModelTest, DoesNotGoOnWhenTheCheckHasEnded) {
  make({{fail(ModelErrorKind::kOverloaded, "full"), std::chrono::seconds(10)}}, {{says("late")}});
  const StopSource stop({}, loop_, loop_.mono_now() + std::chrono::seconds(5));
  EXPECT_FALSE(ask({}, stop.stop()));
  EXPECT_THAT(second_->requests, IsEmpty());
}

}  // namespace
}  // namespace holmes
