#include "tests/conformance/electronic_bench.hpp"

#include "tests/support/read_toml.hpp"

#include <algorithm>
#include <stdexcept>

namespace phyll::conformance {
namespace {

constexpr auto generator = "generator";
constexpr auto digitiser = "digitiser";

} // namespace

ElectronicBench::ElectronicBench(const phyll::bench::ElectronicBench& kind,
                                 const std::string& options)
    : bench_(std::make_unique<phyll::bench::Bench>(*phyll::bench::electronic_plan(kind))) {
    test::read_toml()("generator = \"generator\"\ndigitiser = \"digitiser\"\n" + options, "options",
                      options_);
}

instruments::Shelf ElectronicBench::shelf(const Clock& clock) const {
    std::vector<instruments::InstrumentSettings> settings(2);
    settings[0].name = settings[0].kind = generator;
    settings[0].dialect = dialect_;
    settings[1].name = settings[1].kind = digitiser;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        settings[i].address = bench_->addresses()[i];
        settings[i].is_virtual = true;
        settings[i].timeout = timeout_;
    }
    return {settings, locks_.path(), clock, test::read_toml()};
}

std::unique_ptr<rigs::InstrumentRig> ElectronicBench::rig(const Clock& clock,
                                                          bool calibrated) const {
    const instruments::Shelf instruments_there = shelf(clock);
    const auto& kinds = rigs::instrument_rig_kinds();
    const auto kind =
        std::ranges::find(kinds, "electronic-instruments", &rigs::InstrumentRigKind::name);
    std::unique_ptr<rigs::InstrumentRig> rig =
        kind->make(options_, {.shelf = instruments_there, .clock = clock});
    if (calibrated && calibration_.quantities.empty()) {
        calibration_ = rig->calibrate({});
    } else if (calibrated) {
        rig->use(calibration_);
    }
    return rig;
}

bool ElectronicBench::output_on() {
    for (const phyll::bench::Output& output : bench_->status(generator).outputs) {
        if (output.on) {
            return true;
        }
    }
    return false;
}

} // namespace phyll::conformance
