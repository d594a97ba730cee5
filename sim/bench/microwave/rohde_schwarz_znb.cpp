#include "sim/bench/microwave/rohde_schwarz_znb.hpp"

#include "sim/bench/scpi/block.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::bench {
namespace {

constexpr VnaLimits znb8{.frequency = {9e3, 8.5e9},
                         .power = {-55, 15},
                         .leveled = 12,
                         .bandwidth = {1, 10e6},
                         .points = 100001};
constexpr VnaSettings after_preset{
    .power = -10.0, .band = {.start = 9e3, .stop = 8.5e9, .points = 201}, .bandwidth = 10e3};
constexpr std::size_t most_sweeps = 999999;

const std::vector<std::string> sweep_types{"LINear"};
const std::vector<std::string> scopes{"ALL", "SINGle"};
const std::vector<std::string> trigger_sources{"IMMediate", "EXTernal", "MANual"};
constexpr std::size_t by_hand = 2;

std::string number_text(double value) {
    return fmt::format("{:.11E}", value);
}

} // namespace

RohdeSchwarzZnb::RohdeSchwarzZnb(const std::string& serial, const VnaSite& site)
    : ScpiVna(fmt::format("Rohde-Schwarz,ZNB8-2Port,{},3.10", serial),
              ErrorQueue::Sign::negative_only, site, znb8, after_preset, "cavity.znxml",
              {.style = {.number = number_text}, .order = std::endian::little, .trace = "Trc1"}) {
    add_sweep_commands();
    add_trace_commands();
    add_file_commands();
    start_up();
}

void RohdeSchwarzZnb::preset_language() {
    ScpiVna::preset_language();
    sweeps_ = 1;
    sweep_type_ = 0;
    scope_ = 0;
    trigger_source_ = 0;
    armed_ = false;
}

void RohdeSchwarzZnb::add_sweep_commands() {
    // Which port does not matter: a channel has one power.
    add_setting(
        "[:SOURce<1>]:POWer<1-2>[:LEVel][:IMMediate][:AMPLitude]", limits().power,
        [this](double dbm) { set_power(dbm); }, [this] { return settings().power; });
    add_count(
        "[:SENSe<1>]:SWEep:COUNt", 1, most_sweeps, [this](std::size_t count) { sweeps_ = count; },
        [this] { return sweeps_; });
    add_choice(table(), "[:SENSe<1>]:SWEep:TYPE", sweep_type_, sweep_types);
    add_choice(table(), ":TRIGger<1>[:SEQuence]:SOURce", trigger_source_, trigger_sources);
    add_toggle(
        ":INITiate<1>:CONTinuous",
        [this](bool on) {
            armed_ = false;
            set_continuous(on);
        },
        [this] { return settings().continuous; });
    table().command(":INITiate<1>:CONTinuous:ALL", {1, 1}, [this](Call& call) {
        armed_ = false;
        set_continuous(call.boolean(0)); // it has one channel
    });
    add_choice(table(), ":INITiate<1>[:IMMediate]:SCOPe", scope_, scopes);
    table().command(":INITiate<1>[:IMMediate]", {}, [this](Call&) {
        if (settings().continuous || operation_pending()) {
            throw ScpiError(scpi_number::init_ignored);
        }
        armed_ = true;
        if (trigger_source_ == 0) {
            start_single();
        }
    });
    // How many of a single sweep's cycle are complete.
    table().query(":CALCulate<1>:DATA:NSWeep:COUNt", [this](Call& call) {
        call.reply(std::to_string(settings().continuous || operation_pending() ? 0 : sweeps_));
    });
    table().command(":ABORt", {}, [this](Call&) {
        armed_ = false;
        abort();
    });
    table().command(":SYSTem:PRESet[:DEFault]", {}, [this](Call&) { reset(); });
}

void RohdeSchwarzZnb::start_single() {
    armed_ = false;
    initiate(sweeps_);
}

void RohdeSchwarzZnb::trigger() {
    if (!armed_ || trigger_source_ != by_hand) {
        throw ScpiError(scpi_number::trigger_ignored);
    }
    start_single();
}

void RohdeSchwarzZnb::add_trace_commands() {
    table().query(":CALCulate<1>:DATA:NSWeep:COUNt",
                  [this](Call& call) { call.reply(fmt::format("{}", swept_since())); });
    table().command(":CALCulate<1>:PARameter:SDEFine", {2, 2}, [this](Call& call) {
        define_trace(call.text(0), call.text(1));
        select_trace(call.text(0));
    });
    table().command(":CALCulate<1>:PARameter:SELect", {1, 1},
                    [this](Call& call) { select_trace(call.text(0)); });
    table().query(":CALCulate<1>:PARameter:SELect",
                  [this](Call& call) { call.reply(fmt::format("'{}'", selected_trace())); });
    table().query(":CALCulate<1>:PARameter:CATalog",
                  [this](Call& call) { call.reply(fmt::format("'{}'", catalogue())); });
    table().command(":CALCulate<1>:PARameter:DELete", {1, 1},
                    [this](Call& call) { delete_trace(call.text(0)); });
    table().command(":CALCulate<1>:PARameter:DELete:ALL", {}, [this](Call&) { delete_traces(); });
}

void RohdeSchwarzZnb::add_file_commands() {
    // The number before the name was that of a folder of older instruments.
    table().command(":MMEMory:LOAD:STATe", {2, 2}, [this](Call& call) {
        static_cast<void>(call.whole(0, 1, 1));
        armed_ = false;
        recall_setup(call.text(1));
    });
    table().command(":MMEMory:STORe:STATe", {2, 2}, [this](Call& call) {
        static_cast<void>(call.whole(0, 1, 1));
        store(call.text(1));
    });
    table().command(":MMEMory:DATA", {2, 2},
                    [this](Call& call) { upload(call.text(0), call.block(1)); });
    table().query(":MMEMory:DATA",
                  [this](Call& call) { call.reply(as_block(file(call.text(0)).bytes)); }, {1, 1});
}

} // namespace phyll::bench
