// The SCPI of the virtual instruments: framing, headers, parameters, the error queue.

#include "drivers/core/random.hpp"
#include "sim/bench/scpi/command_table.hpp"
#include "sim/bench/scpi/error_queue.hpp"
#include "sim/bench/scpi/framer.hpp"
#include "sim/bench/scpi/message.hpp"
#include "sim/bench/scpi/scpi_error.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

using namespace phyll;
using namespace phyll::bench;

namespace {

/// "A:B? [x] "y" <3 bytes>" for each command.
std::vector<std::string> read_all(std::string_view message) {
    std::vector<std::string> commands;
    MessageReader reader(message);
    while (const auto command = reader.next()) {
        std::string text =
            fmt::format("{}{}", fmt::join(command->header, ":"), command->query ? "?" : "");
        for (const Parameter& parameter : command->parameters) {
            switch (parameter.kind) {
            case Parameter::Kind::plain:
                text += fmt::format(" [{}]", parameter.value);
                break;
            case Parameter::Kind::text:
                text += fmt::format(" \"{}\"", parameter.value);
                break;
            case Parameter::Kind::block:
                text += fmt::format(" <{}>", parameter.value);
                break;
            }
        }
        commands.push_back(text);
    }
    return commands;
}

int number_of(const std::function<void()>& act) {
    try {
        act();
    } catch (const ScpiError& error) {
        return error.number();
    }
    return 0;
}

int error_in(std::string_view message) {
    return number_of([&] { static_cast<void>(read_all(message)); });
}

using Texts = std::vector<std::string>;

Command only(std::string_view message) {
    return *MessageReader(message).next();
}

} // namespace

TEST_CASE("headers follow the path rule of SCPI") {
    REQUIRE(read_all("FUNC:ARB:SRAT 1e4") == Texts{"FUNC:ARB:SRAT [1e4]"});
    REQUIRE(read_all(":SOUR1:VOLT:HIGH 3;LOW -2") ==
            Texts{"SOUR1:VOLT:HIGH [3]", "SOUR1:VOLT:LOW [-2]"});
    REQUIRE(read_all("BURS:MODE TRIG;*CLS;NCYC 1;:OUTP ON") ==
            Texts{"BURS:MODE [TRIG]", "*CLS", "BURS:NCYC [1]", "OUTP [ON]"});
    REQUIRE(read_all("TIM:REF LEFT;MAIN:SCAL 1;OFFS 2") ==
            Texts{"TIM:REF [LEFT]", "TIM:MAIN:SCAL [1]", "TIM:MAIN:OFFS [2]"});
    REQUIRE(read_all("  *IDN? ;; SYST:ERR?  ") == Texts{"*IDN?", "SYST:ERR?"});
    REQUIRE(read_all("").empty());
    REQUIRE(read_all(" ; ").empty());
}

TEST_CASE("parameters are split at commas outside quotes and blocks") {
    REQUIRE(read_all("A 1 , +2.5E-3,ON") == Texts{"A [1] [+2.5E-3] [ON]"});
    REQUIRE(read_all(R"(A "x,;y",'it''s')") == Texts{R"(A "x,;y" "it''s")"});
    REQUIRE(read_all("A n,#15;,\n:x;B? 1") == Texts{"A [n] <;,\n:x>", "B? [1]"});
    REQUIRE(read_all("A #3012hello, world") == Texts{"A <hello, world>"});
    REQUIRE(error_in("A 1,") == scpi_number::syntax);
    REQUIRE(error_in("A ,1") == scpi_number::syntax);
    REQUIRE(error_in("A:") == scpi_number::syntax);
    REQUIRE(error_in("?") == scpi_number::syntax);
    REQUIRE(error_in("A!1") == scpi_number::syntax);
    REQUIRE(error_in(R"(A "x" "y")") == scpi_number::syntax);
    REQUIRE(error_in("A \"x") == scpi_number::string_data);
    REQUIRE(error_in("A #15abc") == scpi_number::block_data);
    REQUIRE(error_in("A #0abc") == scpi_number::block_data);
    REQUIRE(error_in("A #9999999999x") == scpi_number::block_data);
    REQUIRE(error_in("A #") == 0); // a word of its own
}

TEST_CASE("the same messages come out of the framer, however the stream is cut") {
    const std::string block = "DATA v,#210\n;\"\n'#15\r\nx,1";
    const Texts messages{"*IDN?", block, "", "A \"#15\"", "B #H1F,#0", "C #9", "D 1"};
    std::string stream;
    for (const std::string& message : messages) {
        stream += message + (message.empty() ? "\n" : "\r\n");
    }
    const KeyedRandom random(3, "cuts");
    for (std::uint64_t round = 0; round < 300; ++round) {
        Framer framer;
        Texts found;
        std::uint64_t draw = 0;
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t size =
                1 + static_cast<std::size_t>(random.below(round % 30 + 1, round, draw++));
            framer.append(std::string_view(stream).substr(at, size));
            at += size;
            while (const auto message = framer.next()) {
                found.push_back(*message);
            }
        }
        REQUIRE(found == messages);
        REQUIRE_FALSE(framer.overlong());
    }
}

TEST_CASE("a message that will be too long is known before it is there") {
    Framer framer;
    framer.append("D v,#8" + std::to_string(Framer::largest_message - 1));
    REQUIRE_FALSE(framer.next());
    REQUIRE(framer.overlong());
    Framer fits;
    fits.append("D v,#8" + std::to_string(Framer::largest_message - 4096));
    REQUIRE_FALSE(fits.next());
    REQUIRE_FALSE(fits.overlong());
}

TEST_CASE("whatever comes is messages or errors, and nothing else") {
    const std::string letters = "A:b?*;, \"'#0123\n\r\t()@-+.e";
    const KeyedRandom random(4, "garbage");
    std::size_t understood = 0;
    for (std::uint64_t round = 0; round < 20'000; ++round) {
        Framer framer;
        std::string text;
        const std::uint64_t size = random.below(40, round, 0);
        for (std::uint64_t i = 0; i < size; ++i) {
            const std::uint64_t draw = random.below(256 + 256, round, i + 1);
            text += draw < 256 ? letters[draw % letters.size()] : static_cast<char>(draw - 256);
        }
        framer.append(text + "\n");
        while (const auto message = framer.next()) {
            try {
                for (const std::string& command : read_all(*message)) {
                    REQUIRE_FALSE(command.empty());
                    ++understood;
                }
            } catch (const ScpiError& error) {
                REQUIRE(error.number() < 0);
            }
        }
    }
    REQUIRE(understood > 1000);
}

TEST_CASE("patterns match long and short forms, optional nodes and numbers") {
    const HeaderPattern pattern("[:SOURce<1>]:FUNCtion[:SHAPe]:ARBitrary");
    for (const std::string good :
         {"FUNC:ARB", "function:arbitrary", "SOUR:FUNC:ARB", "source1:Func:Shape:Arb"}) {
        const auto match = pattern.match(only(good).header);
        INFO(good);
        REQUIRE(match);
        REQUIRE(match->in_range);
        REQUIRE(match->suffixes == std::vector<unsigned>{1});
    }
    for (const std::string bad :
         {"FUNCT:ARB", "FUNC", "ARB", "SOUR:ARB", "FUNC:ARB:X", "FUNC1:ARB"}) {
        INFO(bad);
        REQUIRE_FALSE(pattern.match(only(bad).header));
    }
    REQUIRE_FALSE(pattern.match(only("SOUR2:FUNC:ARB").header)->in_range);
    const HeaderPattern channel(":CHANnel<1-4>:SCALe");
    REQUIRE(channel.match(only("CHAN3:SCAL").header)->suffixes == std::vector<unsigned>{3});
    REQUIRE_FALSE(channel.match(only("CHAN5:SCAL").header)->in_range);
    REQUIRE_FALSE(channel.match(only("CHAN99999999999:SCAL").header)->in_range);
    REQUIRE(HeaderPattern("[:TRACe]:DATA:DAC16").match(only("DATA:DAC16").header));
    REQUIRE_THROWS_AS(HeaderPattern("[:A"), Error);
    REQUIRE_THROWS_AS(HeaderPattern("A"), Error);
}

TEST_CASE("calls give numbers, words and blocks, or say what is wrong with them") {
    const Command command = only(R"(A 2.5E-1,MIN,on,"a""b",#12xy,norm,1e999,nan,3x,CHAN2)");
    const Call call(command, {});
    REQUIRE(call.number(0, {0, 1}) == 0.25);
    REQUIRE(call.number(1, {-7, 1}) == -7);
    REQUIRE(call.boolean(2));
    REQUIRE(call.text(3) == "a\"b");
    REQUIRE(call.block(4) == "xy");
    REQUIRE(call.choice(5, {"SWAPped", "NORMal"}) == 1);
    REQUIRE(call.choice(9, {"CHANnel1", "CHANnel2"}) == 1);
    const auto number = [&](std::size_t i) {
        return number_of([&] { static_cast<void>(call.number(i, {-1, 1})); });
    };
    REQUIRE(number(6) == scpi_number::out_of_range);
    REQUIRE(number(7) == scpi_number::numeric_data);
    REQUIRE(number(8) == scpi_number::numeric_data);
    REQUIRE(number(3) == scpi_number::data_type);
    REQUIRE(number(10) == scpi_number::missing_parameter);
    REQUIRE(number_of([&] { static_cast<void>(call.number(0, {1, 2})); }) ==
            scpi_number::out_of_range);
    REQUIRE(number_of([&] { static_cast<void>(call.block(0)); }) == scpi_number::block_data);
    REQUIRE(number_of([&] { static_cast<void>(call.text(4)); }) == scpi_number::data_type);
    REQUIRE(number_of([&] { static_cast<void>(call.choice(0, {"ON"})); }) ==
            scpi_number::illegal_parameter);
    REQUIRE(number_of([&] { static_cast<void>(call.boolean(5)); }) == scpi_number::numeric_data);
}

TEST_CASE("a table says what it does not know") {
    CommandTable table;
    double value = 0.0;
    table.command(":A<1-2>", {1, 2}, [&](Call& call) { value = call.number(0, {0, 9}); });
    table.query(":A<1-2>", [&](Call& call) { call.reply(fmt::format("{}", call.suffix())); });
    const auto error = [&](std::string_view message) {
        return number_of([&] { static_cast<void>(table.run(only(message))); });
    };
    REQUIRE(table.run(only("A 4")).empty());
    REQUIRE(value == 4);
    REQUIRE(table.run(only("A2?")) == "2");
    REQUIRE(error("A3 1") == scpi_number::suffix_out_of_range);
    REQUIRE(error("A") == scpi_number::missing_parameter);
    REQUIRE(error("A 1,2,3") == scpi_number::parameter_not_allowed);
    REQUIRE(error("A? 1") == scpi_number::parameter_not_allowed);
    REQUIRE(error("A 10") == scpi_number::out_of_range);
    REQUIRE(error("B 1") == scpi_number::undefined_header);
    REQUIRE(value == 4);
}

TEST_CASE("an error queue is first in, first out, and says when it overflows") {
    ErrorQueue keysight(ErrorQueue::Sign::always);
    ErrorQueue rigol(ErrorQueue::Sign::negative_only);
    REQUIRE(keysight.take() == "+0,\"No error\"");
    REQUIRE(rigol.take() == "0,\"No error\"");
    keysight.push(786, "exists; \"w\"");
    REQUIRE(keysight.take() == "+786,\"exists; \"\"w\"\"\"");
    rigol.push(-113, "Undefined header");
    REQUIRE(rigol.take() == "-113,\"Undefined header\"");
    for (int i = 0; i < 30; ++i) {
        keysight.push(-100 - i, "x");
    }
    REQUIRE(keysight.size() == ErrorQueue::capacity);
    for (int i = 0; i + 1 < static_cast<int>(ErrorQueue::capacity); ++i) {
        REQUIRE(keysight.take() == fmt::format("{},\"x\"", -100 - i));
    }
    REQUIRE(keysight.take() == "-350,\"Queue overflow\"");
    REQUIRE(keysight.take() == "+0,\"No error\"");
    keysight.push(-1, "x");
    keysight.clear();
    REQUIRE(keysight.size() == 0);
}
