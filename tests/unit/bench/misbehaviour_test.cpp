// Sessions, and every way in which an instrument can be told to misbehave.

#include "sim/bench/electronic/electronic_bench.hpp"
#include "tests/support/await.hpp"
#include "tests/unit/bench/pair.hpp"

#include "drivers/core/error.hpp"
#include "sim/bench/scpi/framer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <system_error>
#include <thread>

using namespace phyll;
using bench::Bench;
using bench::ElectronicBench;
using bench::Fault;
using test::KeysightPair;
using test::ScpiClient;

namespace {

struct Generator {
    Generator() : bench(*bench::electronic_plan({})), client(bench.addresses()[0]) {}

    void misbehave(const bench::Misbehave& order) { bench.misbehave("generator", order); }

    Bench bench;
    ScpiClient client;
};

const std::vector<std::int16_t> high(20, 32767);
const std::vector<std::int16_t> low(20, -32768);

} // namespace

TEST_CASE("four clients may talk to an instrument, and one more is turned away") {
    Generator generator;
    std::vector<std::unique_ptr<ScpiClient>> others;
    for (int i = 0; i < 3; ++i) {
        others.push_back(std::make_unique<ScpiClient>(generator.bench.addresses()[0]));
        REQUIRE_FALSE(others.back()->query("*IDN?").empty());
    }
    REQUIRE_FALSE(generator.client.query("*IDN?").empty());
    REQUIRE(generator.bench.status("generator").connections == 4);
    ScpiClient one_too_many(generator.bench.addresses()[0]);
    REQUIRE(one_too_many.closed());
    others.pop_back();
    test::await([&] { return generator.bench.status("generator").connections <= 3; });
    ScpiClient next(generator.bench.addresses()[0]);
    REQUIRE_FALSE(next.query("*IDN?").empty());
    REQUIRE(generator.bench.messages("generator") == 5);
}

TEST_CASE("who sends garbage or half a block loses only the own session") {
    Generator generator;
    {
        ScpiClient half(generator.bench.addresses()[0]);
        half.send("DATA:ARB:DAC w,#45000abc\n");
        ScpiClient garbage(generator.bench.addresses()[0]);
        std::string bytes;
        for (int i = 0; i < 10'000; ++i) {
            bytes += static_cast<char>(i * 7919 >> 3);
        }
        garbage.send(bytes + "\n*CLS\n");
        REQUIRE(garbage.query("*OPC?") == "1");
    }
    test::await([&] { return generator.bench.status("generator").connections <= 1; });
    REQUIRE(generator.client.query("*CLS;:DATA:VOL:CAT?;:SYST:ERR?") == "\"\";+0,\"No error\"");
    ScpiClient endless(generator.bench.addresses()[0]);
    endless.send("DATA:ARB:DAC w,#9" +
                 std::to_string(bench::Framer::largest_message + 100'000'000));
    REQUIRE(endless.closed());
    REQUIRE(generator.client.query("SYST:ERR?").starts_with("-223"));
}

TEST_CASE("messages that come together are answered in their order") {
    Generator generator;
    std::string messages;
    for (int i = 0; i < 3000; ++i) {
        messages += "*IDN?\n*OPC?\n";
    }
    std::thread sender([&] { generator.client.send(messages); });
    for (int i = 0; i < 3000; ++i) {
        REQUIRE(generator.client.read().starts_with("Keysight"));
        REQUIRE(generator.client.read() == "1");
    }
    sender.join();
}

TEST_CASE("delay and transfer time hold up the act and its reply") {
    const double transfer = 2e-3;
    Bench bench(*bench::electronic_plan({.transfer_time = Seconds(transfer)}));
    ScpiClient client(bench.addresses()[0]);
    bench.misbehave("generator", {.fault = Fault::delay, .at = 1, .seconds = Seconds(0.05)});
    const auto taken = [&] {
        const auto before = std::chrono::steady_clock::now();
        REQUIRE(client.query("*OPC?") == "1");
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    };
    REQUIRE(taken() >= transfer);
    REQUIRE(taken() >= transfer + 0.05);
    const bench::BenchStatus status = bench.status();
    REQUIRE(status.instruments[0].busy.count() >= 2 * transfer + 0.05);
    REQUIRE(status.instruments[0].busy.count() <= status.all.count());
    REQUIRE(status.waiting.count() + status.instruments[0].busy.count() <=
            status.all.count() + 1e-9);
}

TEST_CASE("drop acts, but its reply never comes") {
    Generator generator;
    generator.misbehave({.fault = Fault::drop, .at = 1, .count = 2});
    REQUIRE(generator.client.query("*OPC?") == "1");
    generator.client.write("OUTP ON;OUTP?");
    generator.client.write("*IDN?");
    REQUIRE(generator.client.query("OUTP:SYNC?;:OUTP?") == "1;1"); // the first that comes
}

TEST_CASE("corrupt changes one byte of a reply, also inside a block") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    pair.play(high);
    pair.digitiser.write(":WAV:SOUR CHAN1");
    const std::string data = pair.digitiser.query(":WAV:DATA?");
    bench.misbehave("digitiser", {.fault = Fault::corrupt});
    const std::string corrupted = pair.digitiser.query(":WAV:DATA?");
    REQUIRE(corrupted.size() == data.size());
    std::size_t different = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
        different += data[i] != corrupted[i] ? 1 : 0;
    }
    REQUIRE(different == 1);
    REQUIRE(pair.digitiser.query(":WAV:DATA?") == data);
    bench.misbehave("digitiser", {.fault = Fault::corrupt});
    const std::string text = pair.digitiser.query(":WAV:PRE?");
    REQUIRE(text != pair.digitiser.query(":WAV:PRE?"));
}

TEST_CASE("stick does and answers nothing until it is released") {
    Generator generator;
    generator.misbehave({.fault = Fault::stick, .at = 1});
    generator.client.write("OUTP ON");
    generator.client.write("OUTP OFF");
    generator.client.write("OUTP?");
    test::await([&] { return generator.bench.messages("generator") >= 3; });
    ScpiClient other(generator.bench.addresses()[0]);
    other.write("*IDN?");
    test::await([&] { return generator.bench.messages("generator") >= 4; });
    REQUIRE(generator.bench.status("generator").outputs.at(0).on);
    generator.bench.release("generator");
    REQUIRE(generator.client.query("OUTP?;:SYST:ERR?") == "1;+0,\"No error\"");
    REQUIRE(other.query("OUTP:SYNC?") == "1");
}

TEST_CASE("disconnect closes the connection instead of acting") {
    Generator generator;
    ScpiClient other(generator.bench.addresses()[0]);
    REQUIRE(other.query("*OPC?") == "1");
    generator.misbehave({.fault = Fault::disconnect});
    generator.client.write("OUTP ON");
    REQUIRE(generator.client.closed());
    REQUIRE(other.query("OUTP?") == "0");
    ScpiClient again(generator.bench.addresses()[0]);
    REQUIRE(again.query("OUTP?") == "0");
}

TEST_CASE("power-cycle forgets everything, and refuses connections for a while") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    pair.play(high);
    pair.generator.write("NONSENSE");
    REQUIRE(pair.generator.query("OUTP?") == "1");
    const std::string identity = pair.generator.query("*IDN?");
    bench.misbehave("generator", {.fault = Fault::power_cycle, .seconds = Seconds(3600)});
    REQUIRE(pair.generator.closed());
    REQUIRE_FALSE(bench.status("generator").outputs.at(0).on);
    REQUIRE_THROWS_AS(ScpiClient(bench.addresses()[0]), std::system_error);
    REQUIRE(pair.digitiser.query("*OPC?") == "1"); // the other one stays
    bench.misbehave("generator", {.fault = Fault::power_cycle});
    ScpiClient again(bench.addresses()[0]);
    REQUIRE(again.query("*IDN?") == identity);
    REQUIRE(again.query("OUTP?;:BURS:STAT?;:DATA:VOL:CAT?;:SYST:ERR?;*ESR?") ==
            "0;0;\"\";+0,\"No error\";128");

    bench.misbehave("digitiser", {.fault = Fault::power_cycle, .at = 1});
    REQUIRE(pair.digitiser.query(":WAV:POIN?") == "+2500");
    pair.digitiser.write(":WAV:DATA?");
    REQUIRE(pair.digitiser.closed());
    ScpiClient scope(bench.addresses()[1]);
    REQUIRE(scope.query(":WAV:DATA?;:SYST:ERR?;:WAV:POIN?") ==
            "-230,\"Data corrupt or stale\";+1000");
}

TEST_CASE("power-cycle ends what an instrument was busy with") {
    Bench bench(*bench::electronic_plan({.nature = {.record_time = Seconds(3600)}}));
    KeysightPair pair(bench);
    pair.load(high);
    pair.trigger();
    REQUIRE(pair.digitiser.query(":OPER:COND?") == "+8");
    bench.misbehave("digitiser", {.fault = Fault::delay, .seconds = Seconds(3600)});
    const std::uint64_t messages = bench.messages("digitiser");
    pair.digitiser.write("*OPC?");
    test::await([&] { return bench.messages("digitiser") > messages; });
    bench.misbehave("digitiser", {.fault = Fault::power_cycle});
    REQUIRE(pair.digitiser.closed());
    ScpiClient scope(bench.addresses()[1]);
    REQUIRE(scope.query(":OPER:COND?") == "+0");
}

TEST_CASE("identity answers *IDN? with another text until it is released") {
    Generator generator;
    const std::string real = generator.client.query("*IDN?");
    generator.misbehave({.fault = Fault::identity, .text = "Acme,X,1,0"});
    REQUIRE(generator.client.query("*IDN?") == "Acme,X,1,0");
    REQUIRE(generator.client.query("*OPC?;*IDN?") == "1;Acme,X,1,0");
    generator.bench.release("generator");
    REQUIRE(generator.client.query("*IDN?") == real);
}

TEST_CASE("error is in the queue at once, or with a later message") {
    Generator generator;
    generator.misbehave({.fault = Fault::error, .text = "-410,Query INTERRUPTED"});
    REQUIRE(generator.bench.status("generator").errors == 1);
    REQUIRE(generator.client.query("SYST:ERR?") == "-410,\"Query INTERRUPTED\"");
    generator.misbehave({.fault = Fault::error, .at = 1, .text = "overheated"});
    REQUIRE(generator.client.query("SYST:ERR?") == "+0,\"No error\"");
    REQUIRE(generator.client.query("SYST:ERR?") == "-310,\"overheated\"");
}

TEST_CASE("stale says that a record is new, and has the one before") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    pair.play(high);
    const std::vector<unsigned> first = pair.read(1);
    REQUIRE(pair.digitiser.query(":TER?") == "+1");
    bench.misbehave("digitiser", {.fault = Fault::stale});
    pair.play(low);
    REQUIRE(pair.digitiser.query(":OPER:COND?;:TER?") == "+0;+1");
    REQUIRE(pair.read(1) == first);
    pair.trigger();
    REQUIRE(pair.read(1) != first);
}

TEST_CASE("missed-trigger is not seen, and the digitiser goes on waiting") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    bench.misbehave("digitiser", {.fault = Fault::missed_trigger, .at = 1, .count = 2});
    pair.play(high);
    REQUIRE(pair.digitiser.query(":TER?;:OPER:COND?") == "+1;+0");
    for (int i = 0; i < 2; ++i) {
        pair.trigger();
        REQUIRE(pair.digitiser.query(":TER?;:OPER:COND?") == "+0;+40");
    }
    pair.generator.write("*TRG");
    REQUIRE(pair.generator.query("*OPC?") == "1");
    REQUIRE(pair.digitiser.query(":TER?;:OPER:COND?") == "+1;+0");
    const auto figures = bench.status("digitiser").figures;
    REQUIRE(figures.at(0).value == 2);
    REQUIRE(bench.status("generator").figures.at(0).value == 4);
}

TEST_CASE("orders that make no sense are refused") {
    Generator generator;
    const auto code = [&](const std::string& instrument, const bench::Misbehave& order) {
        try {
            generator.bench.misbehave(instrument, order);
        } catch (const Error& error) {
            return error.code();
        }
        return Code::ok;
    };
    REQUIRE(code("oven", {}) == Code::not_found);
    REQUIRE(code("generator", {.seconds = Seconds(-1)}) == Code::invalid_argument);
    REQUIRE(code("generator", {.count = 0}) == Code::invalid_argument);
    REQUIRE(code("generator", {.fault = Fault::identity}) == Code::invalid_argument);
    REQUIRE_THROWS_AS(bench::fault_of("explode"), Error);
    for (const Fault fault : {Fault::delay, Fault::missed_trigger, Fault::power_cycle}) {
        REQUIRE(bench::fault_of(bench::name_of(fault)) == fault);
    }
}

TEST_CASE("a port that is taken is refused, whether somebody listens there or not") {
    Generator generator;
    const std::uint16_t taken = test::port_of(generator.bench.addresses()[0]);
    const auto refused = [&] {
        try {
            const Bench other(*bench::electronic_plan({.generator_port = taken}));
        } catch (const Error& error) {
            return error.code() == Code::unavailable;
        }
        return false;
    };
    REQUIRE(refused());
    generator.misbehave({.fault = Fault::power_cycle, .seconds = Seconds(3600)});
    REQUIRE(refused());
}

TEST_CASE("a bench can have the port of one that has just ended") {
    // Some other program may be quicker: then another port is tried.
    for (int attempt = 0;; ++attempt) {
        std::uint16_t port = 0;
        {
            Generator ended;
            port = test::port_of(ended.bench.addresses()[0]);
            ended.misbehave({.fault = Fault::disconnect});
            ended.client.write("*IDN?");
            REQUIRE(ended.client.closed()); // by the instrument, which has to remember it
        }
        try {
            const Bench next(*bench::electronic_plan({.generator_port = port}));
            ScpiClient client(next.addresses()[0]);
            REQUIRE(client.query("*IDN?").ends_with("5.03-3.15-2.00-58-00"));
            REQUIRE(test::port_of(next.addresses()[0]) == port);
            return;
        } catch (const Error&) {
            REQUIRE(attempt < 10);
        }
    }
}

TEST_CASE("a bench that is busy ends promptly") {
    const auto before = std::chrono::steady_clock::now();
    {
        Generator generator;
        generator.misbehave({.fault = Fault::delay, .seconds = Seconds(3600)});
        generator.client.write("*IDN?");
        test::await([&] { return generator.bench.messages("generator") >= 1; });
    }
    REQUIRE(std::chrono::steady_clock::now() - before < std::chrono::seconds(60));
}
