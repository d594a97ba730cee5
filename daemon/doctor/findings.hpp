#pragma once

#include <phyll/v1/lab.pb.h>

#include <string>
#include <vector>

namespace phyll::doctor {

using Severity = v1::Examined::Severity;

/// What one check has found so far. Texts as docs/style-of-messages.md has them; they may quote
/// anything.
class Findings {
  public:
    explicit Findings(std::string check) : check_(std::move(check)) {}

    /// `subject` may be empty; so may `advice`, where there is nothing to do.
    void add(Severity severity, const std::string& subject, const std::string& finding,
             const std::string& advice = "");
    void fine(const std::string& subject, const std::string& finding) {
        add(v1::Examined::FINE, subject, finding);
    }
    void note(const std::string& subject, const std::string& finding,
              const std::string& advice = "") {
        add(v1::Examined::NOTE, subject, finding, advice);
    }
    void warning(const std::string& subject, const std::string& finding,
                 const std::string& advice) {
        add(v1::Examined::WARNING, subject, finding, advice);
    }
    void fault(const std::string& subject, const std::string& finding, const std::string& advice) {
        add(v1::Examined::FAULT, subject, finding, advice);
    }

    [[nodiscard]] const std::vector<v1::Examined>& all() const noexcept { return all_; }
    /// Nothing that is worth a word.
    [[nodiscard]] bool all_fine() const noexcept;

  private:
    std::string check_;
    std::vector<v1::Examined> all_;
};

} // namespace phyll::doctor
