#pragma once

#include "sim/bench/microwave/frames.hpp"
#include "sim/bench/server/bench.hpp"
#include "tests/unit/bench/scpi_client.hpp"
#include "tests/unit/bench/serial_client.hpp"
#include "tests/unit/bench/small_cavity.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <complex>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

namespace phyll::test {

using Bits = std::vector<std::uint8_t>;

/// Numbers of a block, its bytes in the machine's own order.
template <class Real>
[[nodiscard]] std::vector<double> numbers_in(const std::string& bytes) {
    std::vector<double> values;
    for (std::size_t at = 0; at + sizeof(Real) <= bytes.size(); at += sizeof(Real)) {
        Real value{};
        std::memcpy(&value, bytes.data() + at, sizeof value);
        values.push_back(static_cast<double>(value));
    }
    return values;
}

/// Clients of a VNA and of a metasurface's controller.
class MicrowavePair {
  public:
    explicit MicrowavePair(const bench::MicrowaveBench& microwave = small_cavity())
        : atoms(microwave.device.atoms),
          bench(*bench::microwave_plan(microwave)),
          vna(bench.addresses().at(0)),
          metasurface(bench.addresses().at(1)) {}

    /// Shows a pattern, and returns when that is said.
    void show(const Bits& bits) {
        std::string payload = bench::little_endian(static_cast<std::uint16_t>(atoms));
        payload.resize(2 + (atoms + 7) / 8);
        for (std::size_t k = 0; k < atoms; ++k) {
            payload[2 + k / 8] = static_cast<char>(payload[2 + k / 8] | bits[k] << (k % 8));
        }
        metasurface.send(
            bench::encoded({.type = 0x02, .sequence = ++sequence_, .payload = payload}));
        constexpr std::size_t shown = 10;
        REQUIRE(metasurface.read(shown, std::chrono::seconds(20)).size() == shown);
    }

    [[nodiscard]] std::vector<double> numbers(const std::string& query) {
        std::istringstream stream(vna.query(query));
        std::vector<double> values;
        for (std::string part; std::getline(stream, part, ',');) {
            values.push_back(std::stod(part));
        }
        return values;
    }
    [[nodiscard]] std::vector<std::complex<double>> pairs(const std::string& query) {
        return as_pairs(numbers(query));
    }
    /// Of a block of double, in the machine's own order.
    [[nodiscard]] std::vector<std::complex<double>> block_pairs(const std::string& query) {
        return as_pairs(numbers_in<double>(vna.query(query)));
    }
    [[nodiscard]] std::uint64_t figure(const std::string& name) {
        for (const bench::Figure& figure : bench.status("vna").figures) {
            if (figure.name == name) {
                return figure.value;
            }
        }
        FAIL("no figure " << name);
        return 0;
    }

    std::size_t atoms;
    bench::Bench bench;
    ScpiClient vna;
    SerialClient metasurface;

  private:
    static std::vector<std::complex<double>> as_pairs(const std::vector<double>& flat) {
        std::vector<std::complex<double>> values;
        for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
            values.emplace_back(flat[i], flat[i + 1]);
        }
        return values;
    }

    std::uint8_t sequence_ = 0;
};

/// What the in-process simulation answers: S21 at each frequency, bit for bit.
[[nodiscard]] inline std::vector<std::complex<double>>
computed_s21(const bench::MicrowaveBench& microwave, const Bits& bits) {
    physics::MicrowaveParameters device = microwave.device;
    device.response = physics::MicrowaveResponse::complex;
    Workers workers(1);
    const physics::MicrowaveCavity cavity(device, microwave.device_seed, workers);
    const std::vector<float> x(bits.begin(), bits.end());
    std::vector<float> y(cavity.n_out());
    cavity.respond(ConstBlock(x.data(), x.size(), 1), Block(y.data(), y.size(), 1), workers, {});
    std::vector<std::complex<double>> s;
    for (std::size_t i = 0; i < y.size(); i += 2) {
        s.emplace_back(y[i], y[i + 1]);
    }
    return s;
}

} // namespace phyll::test
