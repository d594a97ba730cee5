#include "sound_files.hpp"

#include "chart.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <sndfile.h>
#include <unsupported/Eigen/FFT>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstring>
#include <numbers>
#include <set>

namespace phyll::cli {
namespace {

static_assert(std::endian::native == std::endian::little);

/// Frequencies of a spectrum are so far apart.
constexpr double resolution = 10.0; // Hz
constexpr double lowest_db = -200.0;
constexpr double reference_pressure = 20e-6; // Pa, root mean square (ISO 1683)
/// A bar of the terminal's.
constexpr double bar_from = 80.0; // dB below the loudest
constexpr std::size_t bar_length = 50;

std::vector<float> samples_of(const v1::SoundSnapshot& sound) {
    const std::size_t count = sound.samples().size() / sizeof(float);
    if (sound.channels() == 0 || !(sound.rate() > 0) || count % sound.channels() != 0 ||
        count * sizeof(float) != sound.samples().size()) {
        throw Error(Code::data_loss,
                    fmt::format("phylld sent {} bytes for the samples of {} microphones",
                                sound.samples().size(), sound.channels()));
    }
    std::vector<float> samples(count);
    if (count > 0) {
        std::memcpy(samples.data(), sound.samples().data(), sound.samples().size());
    }
    return samples;
}

/// A file in memory, for libsndfile.
struct MemoryFile {
    std::vector<std::byte> bytes;
    sf_count_t place = 0;

    static sf_count_t length(void* self) {
        return static_cast<sf_count_t>(static_cast<MemoryFile*>(self)->bytes.size());
    }
    static sf_count_t seek(sf_count_t offset, int whence, void* self) {
        MemoryFile& file = *static_cast<MemoryFile*>(self);
        const sf_count_t from = whence == SEEK_SET   ? 0
                                : whence == SEEK_CUR ? file.place
                                                     : length(self);
        file.place = from + offset;
        return file.place;
    }
    static sf_count_t read(void* into, sf_count_t count, void* self) {
        MemoryFile& file = *static_cast<MemoryFile*>(self);
        const sf_count_t there = std::clamp<sf_count_t>(length(self) - file.place, 0, count);
        std::copy_n(file.bytes.data() + file.place, there, static_cast<std::byte*>(into));
        file.place += there;
        return there;
    }
    static sf_count_t write(const void* from, sf_count_t count, void* self) {
        MemoryFile& file = *static_cast<MemoryFile*>(self);
        const auto end = static_cast<std::size_t>(file.place + count);
        file.bytes.resize(std::max(file.bytes.size(), end));
        std::copy_n(static_cast<const std::byte*>(from), count, file.bytes.data() + file.place);
        file.place += count;
        return count;
    }
    static sf_count_t tell(void* self) { return static_cast<MemoryFile*>(self)->place; }
};

/// Mean squares of the amplitudes at each frequency (Welch, IEEE Trans. Audio Electroacoust. 15:70,
/// 1967): Hann windows that overlap by half.
std::vector<double> mean_squares(const std::vector<float>& samples, std::size_t channels,
                                 std::size_t channel, std::size_t length) {
    const std::size_t frames = samples.size() / channels;
    std::vector<double> window(length);
    double sum = 0;
    for (std::size_t i = 0; i < length; ++i) {
        window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                         static_cast<double>(length));
        sum += window[i];
    }
    Eigen::FFT<double> fft;
    fft.SetFlag(Eigen::FFT<double>::HalfSpectrum);
    std::vector<double> squares(length / 2 + 1);
    std::vector<double> part(length);
    std::vector<std::complex<double>> spectrum;
    double parts = 0;
    for (std::size_t first = 0; first + length <= frames; first += length / 2) {
        for (std::size_t i = 0; i < length; ++i) {
            part[i] = window[i] * samples[(first + i) * channels + channel];
        }
        fft.fwd(spectrum, part);
        for (std::size_t k = 0; k < squares.size(); ++k) {
            squares[k] += std::norm(2.0 / sum * spectrum[k]);
        }
        ++parts;
    }
    std::ranges::for_each(squares, [parts](double& value) { value /= parts; });
    return squares;
}

} // namespace

std::vector<std::byte> wav_of(const v1::SoundSnapshot& sound) {
    const std::vector<float> samples = samples_of(sound);
    MemoryFile file;
    SF_VIRTUAL_IO io{.get_filelen = MemoryFile::length,
                     .seek = MemoryFile::seek,
                     .read = MemoryFile::read,
                     .write = MemoryFile::write,
                     .tell = MemoryFile::tell};
    SF_INFO info{};
    info.samplerate = static_cast<int>(std::lround(sound.rate()));
    info.channels = static_cast<int>(sound.channels());
    info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    SNDFILE* const out = sf_open_virtual(&io, SFM_WRITE, &info, &file);
    if (out == nullptr) {
        throw Error(Code::internal,
                    fmt::format("a WAV file cannot be made: {}", sf_strerror(nullptr)));
    }
    // So that the same record is the same file.
    sf_command(out, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    const auto count = static_cast<sf_count_t>(samples.size());
    const bool whole = sf_write_float(out, samples.data(), count) == count;
    if (sf_close(out) != 0 || !whole) {
        throw Error(Code::internal, "a WAV file cannot be made");
    }
    return std::move(file.bytes);
}

Spectrum spectrum_of(const v1::SoundSnapshot& sound) {
    const std::vector<float> samples = samples_of(sound);
    const auto length = static_cast<std::size_t>(2 * std::lround(sound.rate() / resolution / 2));
    if (samples.size() / sound.channels() < length) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} frames were recorded last; a spectrum needs {}",
                                samples.size() / sound.channels(), length));
    }
    const bool pascal = sound.full_scale() != 1.0;
    const double unit = pascal ? sound.full_scale() / std::numbers::sqrt2 / reference_pressure : 1;
    Spectrum spectrum{.unit = pascal ? "dB SPL" : "dBFS",
                      .spacing = sound.rate() / static_cast<double>(length),
                      .levels = {}};
    for (std::size_t channel = 0; channel < sound.channels(); ++channel) {
        std::vector<double> levels = mean_squares(samples, sound.channels(), channel, length);
        std::ranges::for_each(levels, [unit](double& value) {
            const double amplitude = unit * std::sqrt(value);
            value = amplitude > 0 ? std::max(lowest_db, 20 * std::log10(amplitude)) : lowest_db;
        });
        spectrum.levels.push_back(std::move(levels));
    }
    return spectrum;
}

namespace {

std::set<double> known_frequencies(const v1::SoundSnapshot& sound) {
    std::set<double> known(sound.tones().begin(), sound.tones().end());
    known.insert(sound.bins().begin(), sound.bins().end());
    return known;
}

/// Of the microphone that hears it loudest.
double level_at(const Spectrum& spectrum, double frequency) {
    double loudest = lowest_db;
    for (const std::vector<double>& levels : spectrum.levels) {
        const auto place = static_cast<std::size_t>(std::lround(frequency / spectrum.spacing));
        loudest = std::max(loudest, place < levels.size() ? levels[place] : lowest_db);
    }
    return loudest;
}

} // namespace

std::vector<std::byte> picture_of(const v1::SoundSnapshot& sound, const Spectrum& spectrum,
                                  const std::string& title) {
    constexpr double beyond = 1.2;
    constexpr double round = 400.0; // Hz, so that the lines of the grid are at round numbers
    const std::set<double> known = known_frequencies(sound);
    const std::size_t all = spectrum.levels.front().size();
    const double last = known.empty() ? sound.rate() / 2 : beyond * *known.rbegin();
    const auto wanted =
        static_cast<std::size_t>(std::ceil(last / round) * round / spectrum.spacing) + 1;
    const std::size_t shown = std::min(all, wanted);
    Chart chart{
        .title = title, .x_label = "frequency in Hz", .y_label = spectrum.unit, .curves = {}};
    std::vector<double> frequencies;
    for (std::size_t k = 0; k < std::max<std::size_t>(2, shown); ++k) {
        frequencies.push_back(static_cast<double>(k) * spectrum.spacing);
    }
    for (std::size_t channel = 0; channel < spectrum.levels.size(); ++channel) {
        const std::vector<double>& levels = spectrum.levels[channel];
        chart.curves.push_back({.name = fmt::format("mic {}", channel + 1),
                                .x = frequencies,
                                .y = {levels.begin(), levels.begin() + static_cast<std::ptrdiff_t>(
                                                                           frequencies.size())}});
    }
    return png_of(chart);
}

std::string lines_of(const v1::SoundSnapshot& sound, const Spectrum& spectrum) {
    const std::set<double> known = known_frequencies(sound);
    double loudest = lowest_db;
    for (const double frequency : known) {
        loudest = std::max(loudest, level_at(spectrum, frequency));
    }
    std::string lines;
    for (const double frequency : known) {
        const double level = level_at(spectrum, frequency);
        const double share = std::clamp((level - loudest + bar_from) / bar_from, 0.0, 1.0);
        std::string bar;
        for (std::size_t k = 0; k < static_cast<std::size_t>(std::lround(share * bar_length));
             ++k) {
            bar += "\u2588";
        }
        lines += fmt::format("{:>7.7g} Hz {:>7.1f} {}  {}\n", frequency, level, spectrum.unit, bar);
    }
    return lines;
}

} // namespace phyll::cli
