//! The ways in which a shopper can be reached.

use crate::word::closed_enum;

closed_enum! {
    /// A way to reach a shopper.
    pub enum Channel {
        /// A card on the page, without a person.
        OnPage = "on_page",
        /// A chat with a person.
        Chat = "chat",
        /// A telephone call.
        Call = "call",
        /// An e-mail.
        Email = "email",
        /// A text message.
        Sms = "sms",
    }
}
