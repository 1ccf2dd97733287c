//! What each signal means, in the words of an explanation.

use domain::signal::SignalKind;

use super::Tongue;

/// Signal, English, Spanish.
const WORDS: &[(SignalKind, &str, &str)] = &[
    (
        SignalKind::LongDwellConfigurable,
        "Long look at a product that can be configured",
        "Mirada larga a un producto configurable",
    ),
    (
        SignalKind::PolicyHunting,
        "Looking for policies or answers",
        "Busca políticas o respuestas",
    ),
    (
        SignalKind::RepeatedCompare,
        "Comparing the same products again",
        "Compara otra vez los mismos productos",
    ),
    (
        SignalKind::SearchLoop,
        "Searches that lead nowhere",
        "Búsquedas sin resultado",
    ),
    (
        SignalKind::CartIdle,
        "Cart left alone",
        "Carrito sin actividad",
    ),
    (
        SignalKind::ShippingShock,
        "Pause or step back at the shipping cost",
        "Pausa o retroceso al ver el envío",
    ),
    (
        SignalKind::TaxShock,
        "Pause or step back at the tax",
        "Pausa o retroceso al ver los impuestos",
    ),
    (
        SignalKind::TotalShock,
        "Pause or step back at the total",
        "Pausa o retroceso al ver el total",
    ),
    (
        SignalKind::CouponRejected,
        "Promotion codes rejected",
        "Códigos promocionales rechazados",
    ),
    (
        SignalKind::PaymentDeclined,
        "Payments declined",
        "Pagos rechazados",
    ),
    (
        SignalKind::FormRetry,
        "Form refused and tried again",
        "Formulario rechazado y repetido",
    ),
    (
        SignalKind::AddressEdited,
        "Address edited in checkout",
        "Dirección corregida en el pago",
    ),
    (
        SignalKind::PageFault,
        "Pages that failed",
        "Páginas con error",
    ),
    (SignalKind::SlowPage, "Slow pages", "Páginas lentas"),
    (
        SignalKind::CheckoutIdle,
        "Checkout left alone",
        "Pago sin actividad",
    ),
    (
        SignalKind::ExitIntent,
        "Made for the exit",
        "Intento de salir",
    ),
    (
        SignalKind::LastPageStall,
        "Minutes on the last page before the order",
        "Parada en la última página antes del pedido",
    ),
    (
        SignalKind::OrderStatusRepeat,
        "Order status looked at again and again",
        "Consulta repetida del estado del pedido",
    ),
    (
        SignalKind::CancelPageViewed,
        "Cancel page seen",
        "Página de cancelación vista",
    ),
    (
        SignalKind::ShipmentLate,
        "Shipment later than promised",
        "Envío más tarde de lo prometido",
    ),
    (
        SignalKind::ShipmentStalled,
        "Shipment that does not move",
        "Envío detenido",
    ),
    (
        SignalKind::ShipmentException,
        "Problem reported by the carrier",
        "Incidencia del transportista",
    ),
    (
        SignalKind::DeliveryFailed,
        "Failed delivery attempt",
        "Intento de entrega fallido",
    ),
    (
        SignalKind::DeliveredUnconfirmed,
        "Delivered but not confirmed by the buyer",
        "Entregado sin confirmar por el comprador",
    ),
];

/// The meaning of a signal; its bare word if the list lacks it, which a test rules out.
pub(super) fn meaning(signal: SignalKind, tongue: Tongue) -> &'static str {
    WORDS
        .iter()
        .find(|(listed, _, _)| *listed == signal)
        .map_or(signal.as_str(), |(_, english, spanish)| {
            tongue.pick(english, spanish)
        })
}
