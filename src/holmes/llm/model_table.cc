#include "holmes/llm/model_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/assert.h"
#include "holmes/llm/fallback_model.h"
#include "holmes/llm/http_model.h"
#include "holmes/llm/model_queue.h"
#include "holmes/llm/providers.h"
#include "holmes/llm/scripted_demo.h"

namespace holmes {
namespace {

std::string name_of(const ModelOptions& options) {
  return options.model.empty() ? std::string(kDefaultModel) : options.model;
}

bool is_listed(const ModelOptions& options, std::string_view name) {
  return std::ranges::find(options.list, name, &ModelEntry::name) != options.list.end();
}

// MODEL as an entry like the others.
ModelEntry entry_of(const ModelOptions& options) {
  ModelEntry entry{.name = name_of(options), .model = name_of(options)};
  entry.tuning = options.tuning;
  entry.limits = options.limits;
  return entry;
}

// The process's settings with the entry's over them. A provider that the list names is meant, even
// when OPENAI_API_BASE would have any other take the names of unconfigured ones.
ModelSettings settings_of(const ModelOptions& options, const ModelEntry& entry) {
  ModelSettings settings = options.settings;
  const Provider* named = named_provider(entry.model);
  if (is_listed(options, entry.name) && named != nullptr && named != &model_providers().front()) {
    settings.erase("OPENAI_API_BASE");
  }
  for (const auto& [variable, value] : entry.settings) settings[variable] = value;
  return settings;
}

std::string why_none(const ModelOptions& options) {
  const auto choice = choose_provider(options.model, options.settings);
  if (options.model.empty() || !choice) {
    return "no model is configured; set MODEL with OPENAI_API_KEY or OPENAI_API_BASE, or with what "
           "another provider needs (docs/models.md)";
  }
  return fmt::format("no model is configured; MODEL is {}, which needs {}", options.model,
                     choice->provider->needs);
}

// Makes models of entries and adds them to the table.
class Maker {
 public:
  Maker(const ModelOptions& options, const ModelParts& parts, ModelTable& table)
      : options_(options),
        parts_(parts),
        metrics_(parts.metrics),
        queues_(parts.loop, parts.metrics, parts.log),
        table_(table) {}

  Status add(const ModelEntry& entry) {
    if (!entry.recording.empty()) {
      table_.add_foreign(entry.name);
      return {};
    }
    if (!entry.missing.empty()) {
      table_.add_unusable(entry.name,
                          fmt::format("the model '{}' needs the variable {}, which is not set",
                                      entry.name, fmt::join(entry.missing, ", ")));
      return {};
    }
    const ModelSettings settings = settings_of(options_, entry);
    HOLMES_TRY(ModelChoice choice, choose_provider(entry.model, settings));
    if (!choice.provider->configured(settings)) {
      const std::string what = is_listed(options_, entry.name)
                                   ? fmt::format("the model '{}'", entry.name)
                                   : std::string("MODEL");
      table_.add_unusable(entry.name, fmt::format("{} is {}, which needs {}", what, entry.model,
                                                  choice.provider->needs));
      return {};
    }
    auto wire = choice.provider->make(std::move(choice.id), settings);
    if (!wire) return fail(wire.error().within(fmt::format("the model '{}'", entry.name)));
    auto model = std::make_unique<HttpModel>(parts_.loop, parts_.http, *std::move(wire), entry.name,
                                             parts_.log, entry.tuning);
    add(queues_.put_before(std::move(model), entry.limits));
    return {};
  }

  void add(std::unique_ptr<Model> model) {
    table_.add(std::make_unique<RetryingModel>(parts_.loop, parts_.random, std::move(model),
                                               metrics_, parts_.log));
  }

 private:
  const ModelOptions& options_;
  const ModelParts& parts_;
  ModelMetrics metrics_;
  ModelQueues queues_;
  ModelTable& table_;
};

}  // namespace

ModelTable::ModelTable(std::vector<std::unique_ptr<Model>> models, std::string why_none)
    : why_none_(std::move(why_none)) {
  for (auto& model : models) add(std::move(model));
}

void ModelTable::add(std::unique_ptr<Model> model) {
  rows_.push_back({model->name(), model.get()});
  models_.push_back(std::move(model));
}

void ModelTable::add_unusable(std::string name, std::string why) {
  HOLMES_ASSERT(!why.empty());
  rows_.push_back({std::move(name), nullptr, std::move(why)});
}

void ModelTable::add_foreign(std::string name) {
  rows_.push_back({std::move(name)});
}

void ModelTable::set_fallbacks(const std::vector<std::string>& names, Loop& loop,
                               const Logger& log) {
  std::vector<Model*> chain;
  for (const std::string& name : names) {
    // Those that are added are asked themselves, not their own fallbacks.
    const auto model = std::ranges::find(models_, name, [](const auto& m) { return m->name(); });
    if (model != models_.end()) chain.push_back(model->get());
  }
  const auto first = std::ranges::find(rows_, names.front(), &Row::name);
  HOLMES_ASSERT(first != rows_.end());
  if (first->model == nullptr || chain.size() < 2) return;
  models_.push_back(std::make_unique<FallbackModel>(loop, std::move(chain), log));
  first->model = models_.back().get();
}

void ModelTable::set_default(std::string_view name) {
  const auto found = std::ranges::find(rows_, name, &Row::name);
  HOLMES_ASSERT(found != rows_.end());
  std::rotate(rows_.begin(), found, found + 1);
}

const ModelTable::Row* ModelTable::row(std::string_view name) const {
  const auto found = name.empty() ? rows_.begin() : std::ranges::find(rows_, name, &Row::name);
  return found == rows_.end() ? nullptr : &*found;
}

Result<Model*> ModelTable::find(std::string_view name) const {
  if (rows_.empty()) return fail(ErrorCode::kUnavailable, why_none_);
  const Row* found = row(name);
  if (found == nullptr) {
    return fail(ErrorCode::kUnavailable, fmt::format("no model '{}' is configured; there is: {}",
                                                     name, fmt::join(names(), ", ")));
  }
  if (found->model != nullptr) return found->model;
  return fail(ErrorCode::kUnavailable,
              found->why_not.empty() ? fmt::format("the model '{}' is a recording", found->name)
                                     : found->why_not);
}

std::string ModelTable::default_name() const {
  return rows_.empty() ? "" : rows_.front().name;
}

std::vector<std::string> ModelTable::names() const {
  std::vector<std::string> names;
  for (const Row& row : rows_) {
    if (row.why_not.empty()) names.push_back(row.name);
  }
  return names;
}

std::vector<std::string> ModelTable::troubles() const {
  std::vector<std::string> troubles;
  for (const Row& row : rows_) {
    if (!row.why_not.empty()) troubles.push_back(row.why_not);
  }
  return troubles;
}

Result<ModelTable> make_model_table(const ModelOptions& options, const ModelParts& parts) {
  const bool is_demo = options.model.starts_with("scripted/");
  if (is_demo && options.model != kScriptedDemo) {
    return fail(ErrorCode::kInvalid, fmt::format("MODEL '{}' does not exist; there is {}",
                                                 options.model, kScriptedDemo));
  }
  ModelTable table({}, why_none(options));
  Maker maker(options, parts, table);
  const bool listed = is_listed(options, options.model);
  if (!is_demo && !listed && (!options.model.empty() || options.list.empty())) {
    HOLMES_CHECK(maker.add(entry_of(options)));
    // Without anything to choose from, the sentence is one about MODEL.
    if (table.names().empty() && options.list.empty()) table = ModelTable({}, why_none(options));
  }
  if (is_demo && !options.scripted_demo && !options.list.empty()) {
    table.add_unusable(options.model,
                       fmt::format("MODEL is {}, which is only there with --demo", options.model));
  }
  for (const ModelEntry& entry : options.list) HOLMES_CHECK(maker.add(entry));
  for (const ModelEntry& entry : options.list) {
    std::vector<std::string> chain{entry.name};
    chain.insert(chain.end(), entry.fallbacks.begin(), entry.fallbacks.end());
    if (chain.size() > 1) table.set_fallbacks(chain, parts.loop, parts.log);
  }
  if (options.scripted_demo) {
    maker.add(std::make_unique<ScriptedDemo>(parts.loop,
                                             ScriptedDemoOptions{options.scripted_demo_delay}));
  }
  const bool demo_first = is_demo && options.scripted_demo;
  if (listed || demo_first) table.set_default(options.model);
  return table;
}

}  // namespace holmes
