#pragma once

#include "sim/bench/usb/usbtmc_function.hpp"
#include "tests/unit/bench/usbtmc_bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phyll::test {

using bench::usb::Bytes;
using bench::usb::UsbtmcFunction;
using bench::usb::UsbtmcInstrument;

/// Answers "A?" with "answer\n", and any other query only when the test says so.
struct Echo : UsbtmcInstrument {
    void message(std::uint64_t number, std::string text) override {
        messages.push_back(text);
        last = number;
        if (text == "A?") {
            function->reply(number, {.text = "answer\n"});
        }
    }
    void clear() override { ++clears; }
    void interrupted() override { ++interruptions; }
    void too_long() override { ++too_longs; }
    std::uint8_t status_byte() override { return 0x44; }

    UsbtmcFunction* function = nullptr;
    std::vector<std::string> messages;
    std::uint64_t last = 0;
    int clears = 0;
    int interruptions = 0;
    int too_longs = 0;
};

struct Interface {
    Interface() : function(echo) { echo.function = &function; }

    bool out(const Bytes& bytes) { return function.bulk_out_bytes(bytes); }
    UsbtmcFunction::In in(std::size_t room = 4096) { return function.bulk_in_bytes(room); }
    std::optional<Bytes> ask(std::uint8_t number, std::uint16_t value = 0) {
        return function.answer({.number = number, .value = value});
    }

    Echo echo;
    UsbtmcFunction function;
};

} // namespace phyll::test
