#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/made_safe.hpp"
#include "drivers/instruments/scpi_instrument.hpp"

#include <algorithm>
#include <string>

namespace phyll::instruments {

/// SCPI instruments that drive something: their output is off unless they were told otherwise, and
/// they were asked whether it is. Their dialects have output_on, output_off, output_query and
/// off_answers.
template <std::derived_from<Instrument> Base, class Dialect>
class ScpiSource : public ScpiInstrument<Base, Dialect> {
  public:
    using ScpiInstrument<Base, Dialect>::ScpiInstrument;

    [[nodiscard]] SafeState make_safe() noexcept override {
        this->set_ready(false);
        forget_unheard();
        return made_safe(this->session().clock(), this->session().settings().timeout,
                         [this](const Patience& patience) {
                             this->connect(patience);
                             switch_output(false, patience);
                             end_all(patience);
                         });
    }

  protected:
    /// See ScpiInstrument; what could not be set up is made safe.
    template <class Setup, std::invocable SetUp>
    void become(Setup& setup, const Setup& wanted, SetUp set_up) {
        ScpiInstrument<Base, Dialect>::become(setup, wanted, [&] {
            try {
                set_up();
            } catch (...) {
                static_cast<void>(make_safe());
                throw;
            }
        });
    }
    /// Throws FAILED_PRECONDITION when the output does not become what it should be.
    void switch_output(bool on, const Patience& patience) {
        const Dialect& dialect = this->dialect();
        this->note_output("");
        this->session().tell(on ? dialect.output_on() : dialect.output_off(), patience);
        const std::string answer = this->session().ask(dialect.output_query(), patience);
        const bool off = is_off(answer);
        this->note_output(off ? "off" : "on");
        if (off == on) {
            throw this->session().named(
                Error(Code::failed_precondition,
                      fmt::format("its output was switched {} and is, by its answer {}, {}",
                                  on ? "on" : "off", in_quotes(answer), off ? "off" : "on")));
        }
    }
    /// Whether an answer to the question for the output says that it is off.
    [[nodiscard]] bool is_off(const std::string& answer) const {
        const auto& off = this->dialect().off_answers();
        return std::ranges::find(off, answer) != off.end();
    }

    /// An answer that nobody waited for must not be taken for the next one.
    virtual void forget_unheard() noexcept {}
    /// What else it is told once the output is off.
    virtual void end_all(const Patience& /*patience*/) {}
};

} // namespace phyll::instruments
