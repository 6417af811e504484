// Judging and alerting for tests: each check takes a set time and ends with a set verdict.
#pragma once

#include <string>
#include <vector>

#include "async/loop.h"
#include "async/wait.h"
#include "holmes/server/executions.h"

namespace holmes {

class FakeWork {
 public:
  explicit FakeWork(Loop& loop) : loop_(loop) {}

  JudgeCheck judge() {
    return [this](CheckQuestion question, Stop stop) {
      return judge_one(std::move(question), std::move(stop));
    };
  }
  SendAlert alert() {
    return [this](CheckRequest request, CheckResponse, Stop stop) {
      return alert_one(std::move(request), std::move(stop));
    };
  }

  std::chrono::seconds takes{1};
  std::chrono::seconds alert_takes{1};
  CheckStatus verdict = CheckStatus::kPass;
  std::vector<CheckQuestion> questions;  // as they came
  int judged_to_the_end = 0;
  int alerts = 0;

 private:
  Task<CheckResponse> judge_one(CheckQuestion question, Stop stop) {
    questions.push_back(std::move(question));
    const size_t number = questions.size();
    CheckResponse response;
    if (const Status slept = co_await sleep_for(loop_, takes, stop); !slept) {
      response.error = "stopped";
      response.reason =
          stop.reason() == StopReason::kDeadline ? ErrorReason::kTimeout : ErrorReason::kCancelled;
      co_return response;
    }
    ++judged_to_the_end;
    response.status = verdict;
    response.rationale = "because of number " + std::to_string(number);
    co_return response;
  }

  Task<std::vector<Notification>> alert_one(CheckRequest request, Stop stop) {
    ++alerts;
    const Status slept = co_await sleep_for(loop_, alert_takes, stop);
    std::vector<Notification> notifications;
    for (const Destination& destination : request.destinations) {
      notifications.push_back(
          {destination.type, "#a",
           slept ? Notification::Outcome::kSent : Notification::Outcome::kFailed,
           slept ? "" : slept.error().message});
    }
    co_return notifications;
  }

  Loop& loop_;
};

}  // namespace holmes
