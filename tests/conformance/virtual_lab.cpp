#include "tests/conformance/virtual_lab.hpp"

#include "tests/support/read_toml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace phyll::conformance {
namespace {

const rigs::InstrumentRigKind& kind_named(const std::string& name) {
    const auto& kinds = rigs::instrument_rig_kinds();
    const auto kind = std::ranges::find(kinds, name, &rigs::InstrumentRigKind::name);
    if (kind == kinds.end()) {
        throw std::runtime_error("no kind of rig is " + name);
    }
    return *kind;
}

} // namespace

VirtualLab::VirtualLab(const phyll::bench::Plan& plan, const std::string& rig_kind,
                       const std::string& options)
    : bench_(std::make_unique<phyll::bench::Bench>(plan)),
      kind_(&kind_named(rig_kind)),
      options_(kind_->new_options()) {
    std::string text;
    for (const std::string& instrument : instruments()) {
        text += fmt::format("{} = \"{}\"\n", instrument, instrument);
    }
    test::read_toml()(text + options, "options", *options_);
}

std::string AcousticBench::merged(const std::string& twin, const std::string& options) {
    std::string lines = options;
    std::string line;
    int depth = 0;
    for (const char c : twin + ',') {
        depth += c == '[' ? 1 : c == ']' ? -1 : 0;
        if (c != ',' || depth > 0) {
            line += line.empty() && c == ' ' ? "" : std::string(1, c);
            continue;
        }
        if (options.find(line.substr(0, line.find(' ')) + " =") == std::string::npos) {
            lines += line + '\n';
        }
        line.clear();
    }
    return lines;
}

std::vector<std::string> VirtualLab::instruments() const {
    std::vector<std::string> names;
    for (const phyll::bench::InstrumentStatus& status : bench_->status().instruments) {
        names.push_back(status.name);
    }
    return names;
}

instruments::Shelf VirtualLab::shelf(const Clock& clock) const {
    std::vector<instruments::InstrumentSettings> settings;
    for (const std::string& name : instruments()) {
        instruments::InstrumentSettings& each = settings.emplace_back();
        each.name = each.kind = name;
        each.address = bench_->addresses()[settings.size() - 1];
        each.is_virtual = true;
        each.timeout = timeout_;
    }
    settings.front().dialect = dialect_;
    return {settings, locks_.path(), clock, test::read_toml()};
}

std::unique_ptr<rigs::InstrumentRig> VirtualLab::rig(const Clock& clock, bool calibrated) const {
    const instruments::Shelf instruments_there = shelf(clock);
    std::unique_ptr<rigs::InstrumentRig> rig =
        kind_->make(*options_, {.shelf = instruments_there, .clock = clock});
    if (calibrated && calibration_.quantities.empty()) {
        calibration_ = rig->calibrate({});
    } else if (calibrated) {
        rig->use(calibration_);
    }
    return rig;
}

bool VirtualLab::output_on() {
    const auto outputs = bench_->status(instruments().front()).outputs;
    return std::ranges::any_of(outputs, &phyll::bench::Output::on);
}

std::uint64_t VirtualLab::figure(const std::string& instrument, const std::string& name) {
    const auto figures = bench_->status(instrument).figures;
    const auto found = std::ranges::find(figures, name, &phyll::bench::Figure::name);
    if (found == figures.end()) {
        throw std::runtime_error("nothing is counted as " + name);
    }
    return found->value;
}

} // namespace phyll::conformance
