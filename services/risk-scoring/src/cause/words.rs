//! What each cause means, in the words of an explanation.

use domain::cause::Cause;

use crate::features::Tongue;

/// The meaning of a cause.
pub(crate) fn meaning(cause: Cause, tongue: Tongue) -> &'static str {
    let (english, spanish) = match cause {
        Cause::ProductDoubt => (
            "Fit, specification, configuration or warranty is unclear",
            "Duda sobre talla, características, configuración o garantía",
        ),
        Cause::PolicyDoubt => (
            "Returns, delivery time or security is unclear",
            "Duda sobre devoluciones, plazo de entrega o seguridad",
        ),
        Cause::UnexpectedCost => (
            "Shipping, tax or the total is more than expected",
            "El envío, los impuestos o el total son más de lo esperado",
        ),
        Cause::PromoCode => (
            "A promotion code was rejected",
            "Se rechazó un código promocional",
        ),
        Cause::PaymentFriction => (
            "A payment was declined, or the method is missing",
            "Se rechazó un pago o falta el método",
        ),
        Cause::AccountOrForm => (
            "A forced account, form errors or an address change",
            "Cuenta obligatoria, errores de formulario o cambio de dirección",
        ),
        Cause::TechnicalFault => (
            "Page errors or slow pages",
            "Errores de página o páginas lentas",
        ),
        Cause::DeliveryDoubt => ("Where is my order?", "¿Dónde está mi pedido?"),
        Cause::OrderChange => ("The order should be changed", "Quiere cambiar el pedido"),
        Cause::BuyersRemorse => ("The purchase is regretted", "Se arrepiente de la compra"),
        Cause::Distraction => (
            "Nothing but idleness is seen",
            "Solo se observa inactividad",
        ),
        Cause::Unknown => ("Nothing points anywhere", "Nada apunta a una causa"),
    };
    tongue.pick(english, spanish)
}
