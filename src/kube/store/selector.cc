#include "kube/store/selector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "kube/store/label_syntax.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
// The longest of those that fit comes first.
constexpr std::array<std::string_view, 9> kSymbols{"!=", "==", "=", "!", "(", ")", ",", "<", ">"};

// One word of a selector; "" is its end.
using Token = std::string_view;

bool is_symbol(Token token) {
  return token.empty() || std::ranges::find(kSymbols, token) != kSymbols.end();
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) { advance(); }

  [[nodiscard]] Token peek() const { return token_; }
  Token take() {
    const Token token = token_;
    advance();
    return token;
  }

 private:
  void advance() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpaces), rest_.size()));
    const auto* symbol = std::ranges::find_if(
        kSymbols, [this](std::string_view known) { return rest_.starts_with(known); });
    const size_t size = symbol != kSymbols.end()
                            ? symbol->size()
                            : std::min(rest_.find_first_of(" \t\r\n=!(),<>"), rest_.size());
    token_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }

  std::string_view rest_;
  Token token_;
};

std::unexpected<Error> found(Token token, std::string_view separator, std::string_view expected) {
  return fail(ErrorCode::kInvalid,
              fmt::format("found '{}'{} expected: {}", token, separator, expected));
}

std::optional<int64_t> to_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What stands between "in (" and ")"; an empty element counts, "(a,)" has two.
Result<std::vector<std::string>> parse_values(Lexer& lexer) {
  if (const Token token = lexer.take(); token != "(") return found(token, "", "'('");
  std::vector<std::string> values;
  if (lexer.peek() == ")") {
    lexer.take();
    values.emplace_back();
    return values;
  }
  while (true) {
    const Token token = lexer.take();
    if (token == ",") {
      if (values.empty()) values.emplace_back();
      if (lexer.peek() == ",") {
        lexer.take();
        values.emplace_back();
      }
      if (lexer.peek() != ")") continue;
      values.emplace_back();
    } else if (is_symbol(token)) {
      return found(token, ",", "',', ')' or identifier");
    } else {
      values.emplace_back(token);
      if (lexer.peek() == ",") continue;
      if (lexer.peek() != ")") return found(lexer.peek(), ",", "',' or ')'");
    }
    lexer.take();
    return values;
  }
}

Result<std::vector<std::string>> parse_value(Lexer& lexer) {
  if (lexer.peek().empty() || lexer.peek() == ",") return std::vector<std::string>{""};
  const Token token = lexer.take();
  if (is_symbol(token)) return found(token, ",", "identifier");
  return std::vector<std::string>{std::string(token)};
}

// As the API server joins several errors.
Status joined(std::vector<std::string> errors) {
  const auto twice = std::ranges::unique(errors);
  errors.erase(twice.begin(), twice.end());
  if (errors.empty()) return {};
  if (errors.size() == 1) return fail(ErrorCode::kInvalid, errors.front());
  return fail(ErrorCode::kInvalid, fmt::format("[{}]", fmt::join(errors, ", ")));
}

Status check_values(std::string_view key, const std::vector<std::string>& values, bool compares) {
  std::vector<std::string> errors;
  for (size_t i = 0; compares && i < values.size(); ++i) {
    if (to_integer(values[i])) continue;
    errors.push_back(fmt::format(
        "values[{}]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be an integer", i,
        quoted(values[i])));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string wrong = label_value_errors(values[i]);
    if (wrong.empty()) continue;
    errors.push_back(
        fmt::format("values[{}][{}]: Invalid value: {}: {}", i, key, quoted(values[i]), wrong));
  }
  return joined(std::move(errors));
}

}  // namespace

struct LabelSelector::Parser {
  Lexer lexer;

  Result<Requirement> requirement() {
    Requirement out;
    const bool negated = lexer.peek() == "!";
    if (negated) lexer.take();
    const Token key = lexer.take();
    // "in" and "notin" are keys here, and values further on.
    if (is_symbol(key)) return found(key, ",", "identifier");
    if (const std::string wrong = label_key_errors(key); !wrong.empty()) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("<nil>: Invalid value: {}: {}", quoted(key), wrong));
    }
    out.key = std::string(key);
    out.op = negated ? Operator::kDoesNotExist : Operator::kExists;
    if (negated || lexer.peek().empty() || lexer.peek() == ",") return out;
    return with_operator(std::move(out));
  }

  Result<Requirement> with_operator(Requirement out) {
    static constexpr std::array<std::pair<Token, Operator>, 7> kOperators{{
        {"in", Operator::kIn},
        {"notin", Operator::kNotIn},
        {"=", Operator::kIn},
        {"==", Operator::kIn},
        {"!=", Operator::kNotIn},
        {">", Operator::kGreaterThan},
        {"<", Operator::kLessThan},
    }};
    const Token token = lexer.take();
    const auto* known = std::ranges::find(kOperators, token, &std::pair<Token, Operator>::first);
    if (known == kOperators.end()) return found(token, ",", "in, notin, =, ==, !=, gt, lt");
    out.op = known->second;
    HOLMES_TRY(out.values, is_symbol(token) ? parse_value(lexer) : parse_values(lexer));
    std::ranges::sort(out.values);
    const auto twice = std::ranges::unique(out.values);
    out.values.erase(twice.begin(), twice.end());
    const bool compares = out.op == Operator::kGreaterThan || out.op == Operator::kLessThan;
    HOLMES_CHECK(check_values(out.key, out.values, compares));
    return out;
  }
};

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  Parser parser{Lexer(text)};
  while (!parser.lexer.peek().empty()) {
    const Token first = parser.lexer.peek();
    if (is_symbol(first) && first != "!") {
      return found(first, ",", "!, identifier, or 'end of string'");
    }
    Result<Requirement> requirement = parser.requirement();
    if (!requirement) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("unable to parse requirement: {}", requirement.error().message));
    }
    selector.requirements_.push_back(std::move(*requirement));
    const Token next = parser.lexer.take();
    if (next.empty()) break;
    if (next != ",") return found(next, ",", "',' or 'end of string'");
    const Token after = parser.lexer.peek();
    if (is_symbol(after) && after != "!") return found(after, ",", "identifier after ','");
  }
  return selector;
}

bool LabelSelector::Requirement::matches(const StringMap& labels) const {
  const auto label = labels.find(key);
  const bool exists = label != labels.end();
  switch (op) {
    case Operator::kIn:
      return exists && std::ranges::binary_search(values, label->second);
    case Operator::kNotIn:
      return !exists || !std::ranges::binary_search(values, label->second);
    case Operator::kExists:
      return exists;
    case Operator::kDoesNotExist:
      return !exists;
    case Operator::kGreaterThan:
    case Operator::kLessThan:
      break;
  }
  const std::optional<int64_t> value = exists ? to_integer(label->second) : std::nullopt;
  if (!value) return false;
  return op == Operator::kGreaterThan ? *value > to_integer(values.front())
                                      : *value < to_integer(values.front());
}

bool LabelSelector::matches(const StringMap& labels) const {
  return std::ranges::all_of(
      requirements_, [&](const Requirement& requirement) { return requirement.matches(labels); });
}

namespace {

// At commas that no backslash stands before.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      terms.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  terms.push_back(text.substr(start));
  return terms;
}

// "\\", "\," and "\=" stand for what follows the backslash.
Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      const std::string_view sequence = text.substr(i, 2);
      if (sequence != "\\\\" && sequence != "\\," && sequence != "\\=") {
        return fail(ErrorCode::kInvalid,
                    fmt::format("invalid field selector: invalid escape sequence: {}", sequence));
      }
      ++i;
    } else if (text[i] == '=') {
      // The API server shows the character as its number.
      return fail(ErrorCode::kInvalid,
                  fmt::format("invalid field selector: unescaped character in value: {:d}",
                              static_cast<int>(text[i])));
    }
    out += text[i];
  }
  return out;
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  FieldSelector selector;
  for (const std::string_view term : split_terms(text)) {
    if (term.empty()) continue;
    size_t at = term.find('=');
    const size_t differs = term.find("!=");
    if (at == std::string_view::npos) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("invalid selector: '{}'; can't understand '{}'", text, term));
    }
    Requirement requirement;
    requirement.equal = differs >= at;
    at = std::min(at, differs);
    requirement.field = std::string(term.substr(0, at));
    const size_t operator_size = requirement.equal && !term.substr(at).starts_with("==") ? 1 : 2;
    HOLMES_TRY(requirement.value, unescape(term.substr(at + operator_size)));
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

}  // namespace holmes::kube
