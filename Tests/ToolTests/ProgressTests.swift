import Testing
import ToolSupport

@Suite("Progress")
struct ProgressTests {
  @Test("is silent for a second, then says four times a second how it goes")
  func rhythm() {
    var progress = Progress(of: 1000)
    #expect(progress.advance(by: 10, at: 0.9) == nil)
    #expect(progress.advance(by: 10, at: 1) == "20 B of 1.0 kB, 2 %, 20 B/s, 49 s left")
    #expect(progress.advance(by: 10, at: 1.2) == nil)
    #expect(progress.advance(by: 970, at: 2) == "1.0 kB of 1.0 kB, 100 %, 500 B/s, 0 s left")
  }

  @Test("does not know the end of a pipe, or of a file that has grown")
  func unknownEnd() {
    var pipe = Progress(of: nil)
    #expect(pipe.advance(by: 3_000_000, at: 2) == "3.0 MB, 1.5 MB/s")
    var file = Progress(of: 10)
    #expect(file.advance(by: 20, at: 2) == "20 B, 10 B/s")
  }

  @Test(
    "has sizes of two or three digits",
    arguments: [
      (0, "0 B"), (999, "999 B"), (999.6, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (999_499, "999 kB"),
      (999_500, "1.0 MB"), (31e6, "31 MB"), (2e21, "2000 EB"),
    ])
  func size(bytes: Double, text: String) {
    #expect(Progress.size(bytes) == text)
  }

  @Test(
    "has times in the two largest units",
    arguments: [(0, "0 s"), (0.1, "1 s"), (60, "1 min 0 s"), (125, "2 min 5 s"), (11_040, "3 h 4 min")])
  func time(seconds: Double, text: String) {
    #expect(Progress.time(seconds) == text)
  }
}
