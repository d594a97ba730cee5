#include "daemon/runs/calibration_files.hpp"

#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <system_error>

namespace phyll::runs {
namespace {

using nlohmann::json;

json to_json(const std::string& rig, const rig::KeptCalibration& kept) {
    json out{{"rig", rig},
             {"time", kept.time},
             {"version", kept.version},
             {"settings", kept.calibration.settings},
             {"instruments", json::array()},
             {"quantities", json::array()},
             {"series", json::array()}};
    for (const instruments::Identity& identity : kept.calibration.identities) {
        out["instruments"].push_back({{"maker", identity.maker},
                                      {"model", identity.model},
                                      {"serial", identity.serial},
                                      {"firmware", identity.firmware}});
    }
    for (const rigs::Quantity& quantity : kept.calibration.quantities) {
        out["quantities"].push_back(
            {{"name", quantity.name}, {"unit", quantity.unit}, {"value", quantity.value}});
    }
    for (const rigs::Series& series : kept.calibration.series) {
        out["series"].push_back(
            {{"name", series.name}, {"unit", series.unit}, {"values", series.values}});
    }
    return out;
}

rig::KeptCalibration from_json(const json& in) {
    rig::KeptCalibration out;
    out.time = in.at("time").get<double>();
    out.version = in.at("version").get<std::string>();
    out.calibration.settings = in.at("settings").get<std::string>();
    for (const json& identity : in.at("instruments")) {
        out.calibration.identities.push_back(
            {.maker = identity.at("maker").get<std::string>(),
             .model = identity.at("model").get<std::string>(),
             .serial = identity.at("serial").get<std::string>(),
             .firmware = identity.at("firmware").get<std::string>()});
    }
    for (const json& quantity : in.at("quantities")) {
        out.calibration.quantities.push_back({.name = quantity.at("name").get<std::string>(),
                                              .unit = quantity.at("unit").get<std::string>(),
                                              .value = quantity.at("value").get<double>()});
    }
    // An earlier version had none.
    for (const json& series : in.value("series", json::array())) {
        out.calibration.series.push_back(
            {.name = series.at("name").get<std::string>(),
             .unit = series.at("unit").get<std::string>(),
             .values = series.at("values").get<std::vector<double>>()});
    }
    return out;
}

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

} // namespace

std::filesystem::path CalibrationFiles::file_of(const std::string& rig) const {
    std::string name;
    for (const char c : rig) {
        name +=
            is_plain(c) ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return folder_ / (name + ".json");
}

std::optional<rig::KeptCalibration> CalibrationFiles::load(const std::string& rig) const {
    const std::filesystem::path file = file_of(rig);
    std::error_code error;
    if (!std::filesystem::exists(file, error) && !error) {
        return std::nullopt;
    }
    try {
        return from_json(json::parse(read_file(file)));
    } catch (const json::exception& damage) {
        throw Error(Code::data_loss,
                    fmt::format("{} is no calibration: {}", file.string(), damage.what()));
    }
}

void CalibrationFiles::save(const std::string& rig, const rig::KeptCalibration& calibration) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) {
        throw file_error(error.value(), fmt::format("cannot make the folder {}", folder_.string()));
    }
    write_file(file_of(rig), to_json(rig, calibration).dump(2) + "\n");
}

} // namespace phyll::runs
