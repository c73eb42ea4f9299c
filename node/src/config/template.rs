//! The text of a new configuration file: every key with its default, explained, to be read by people.

use super::ConfigError;

const TEMPLATE: &str = include_str!("template.toml");

/// The text of a new file in which `settings` hold instead of the defaults. Values are texts as on
/// the command line: what TOML does not read as a number, a truth value or a list is quoted.
pub fn fill(settings: &[(String, String)]) -> Result<String, ConfigError> {
    let mut lines: Vec<String> = TEMPLATE.lines().map(String::from).collect();
    for (key, value) in settings {
        let at = line_of(&lines, key)
            .ok_or_else(|| ConfigError(format!("{key}: there is no such setting")))?;
        let name = key.rsplit('.').next().unwrap_or(key);
        lines[at] = format!("{name} = {}", written(value));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

fn line_of(lines: &[String], key: &str) -> Option<usize> {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut current = "";
    for (at, line) in lines.iter().enumerate() {
        if let Some(begun) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            current = begun;
        }
        let assigned = line
            .trim_start_matches("# ")
            .split_once(" = ")
            .map(|(assigned, _)| assigned);
        if current == section && assigned == Some(name) {
            return Some(at);
        }
    }
    None
}

fn written(text: &str) -> String {
    let read = toml::from_str::<toml::Table>(&format!("value = {text}"));
    match read.ok().and_then(|mut table| table.remove("value")) {
        Some(toml::Value::Datetime(_)) | None => toml::Value::String(text.to_owned()).to_string(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    /// The template with every key in force.
    fn everything() -> String {
        let is_key = |line: &str| {
            line.strip_prefix("# ")
                .and_then(|line| line.split_once(" = "))
                .is_some_and(|(name, _)| {
                    name.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
                    })
                })
        };
        let lines = TEMPLATE
            .lines()
            .map(|line| if is_key(line) { &line[2..] } else { line });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_template_shows_every_key_with_its_default() {
        let mut shown: Config = toml::from_str(&everything()).unwrap();
        // Optional values have no default to show; the template has an example.
        assert!(shown.gateway.tls_certificate.take().is_some());
        assert!(shown.gateway.tls_key.take().is_some());
        assert!(shown.p2p.address.take().is_some());
        assert_eq!(shown, Config::default());
    }

    #[test]
    fn a_setting_is_written_into_its_section() {
        let settings = [
            ("operator.listen", "127.0.0.1:7"),
            ("share.refused_cost", "3"),
            ("log.level", "debug"),
        ];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));

        let table: toml::Table = toml::from_str(&fill(&settings).unwrap()).unwrap();

        assert_eq!(table["operator"]["listen"].as_str(), Some("127.0.0.1:7"));
        assert_eq!(table["share"]["refused_cost"].as_integer(), Some(3));
        assert_eq!(table["log"]["level"].as_str(), Some("debug"));
        assert!(table["gateway"].get("listen").is_none());
    }

    #[test]
    fn a_setting_that_does_not_exist_is_refused() {
        let setting = ("gateway.level".to_owned(), "1".to_owned());
        assert!(
            fill(&[setting])
                .unwrap_err()
                .to_string()
                .contains("gateway.level")
        );
    }
}
