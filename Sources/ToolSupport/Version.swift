/// The version of the package and the day of it, given here and nowhere else; `Scripts/release` holds the changelog to
/// them.
package enum Version {
  package static let number = "0.1.0-dev"
  /// As manual pages have it.
  package static let date = "November 26, 2026"
}
