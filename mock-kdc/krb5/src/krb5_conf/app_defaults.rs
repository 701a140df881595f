//! Settings of applications (`[appdefaults]`).

use super::{Profile, Relation, is_true};

impl Profile {
    /// The setting of an application: that of the application and realm, or else of the application, of the realm, of all
    /// (`krb5_appdefault_string`).
    #[must_use]
    pub fn app_default(&self, application: &str, realm: Option<&str>, option: &str) -> Option<&Relation> {
        let section = "appdefaults";
        realm
            .and_then(|realm| self.value(&[section, application, realm, option]))
            .or_else(|| self.value(&[section, application, option]))
            .or_else(|| realm.and_then(|realm| self.value(&[section, realm, option])))
            .or_else(|| self.value(&[section, option]))
    }

    /// The same as a truth value: anything but libkrb5's words for it is `false`, and so is what is not there
    /// (`krb5_appdefault_boolean`).
    #[must_use]
    pub fn app_default_is_true(&self, application: &str, realm: Option<&str>, option: &str) -> bool {
        self.app_default(application, realm, option).is_some_and(|relation| is_true(&relation.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_application_and_realm_come_before_the_application_the_realm_and_all() {
        let layers = [
            ("mysql = {\nR = {\ndestroy_tickets = 1\n}\n}\n", "1"),
            ("mysql = {\ndestroy_tickets = 2\n}\n", "2"),
            ("R = {\ndestroy_tickets = 3\n}\n", "3"),
            ("destroy_tickets = 4\n", "4"),
        ];
        for first in 0..layers.len() {
            // Written in the opposite order, so that the place in the file does not decide.
            let text: String = layers[first..].iter().rev().map(|(text, _)| *text).collect();
            let profile = Profile::parse("k", &format!("[appdefaults]\n{text}")).unwrap();
            let found = |realm| profile.app_default("mysql", realm, "destroy_tickets").map(|r| r.value.as_str());
            assert_eq!(found(Some("R")), Some(layers[first].1));
            let elsewhere = [1, 1, 3, 3][first];
            assert_eq!(found(Some("Q")), Some(layers[elsewhere].1));
            assert_eq!(found(None), Some(layers[elsewhere].1));
        }
    }

    #[test]
    fn a_setting_that_is_not_there_or_no_word_for_true_is_off() {
        let destroys = |text: &str| {
            let profile = Profile::parse("k", text).unwrap();
            profile.app_default_is_true("mysql", Some("R"), "destroy_tickets")
        };
        assert!(destroys("[appdefaults]\nmysql = {\ndestroy_tickets = On\n}\n"));
        assert!(!destroys("[appdefaults]\nmysql = {\ndestroy_tickets = please\n}\n"));
        assert!(!destroys("[appdefaults]\nmysql2 = {\ndestroy_tickets = true\n}\n"));
        assert!(!destroys("[libdefaults]\n"));
    }
}
