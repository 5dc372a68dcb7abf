//! Functions with settings: the type that holds them, next to the plain function that has the defaults.

/// Declares the settings of a function: a type with `new` (the settings without a default) and a method for each of the others. The
/// methods of settings written `name: into Type` take whatever converts into the type. (Plain integers do not: a literal would not know
/// its type.)
///
/// `F::leaky_relu(x)` is `F::LeakyRelu::new().call(x)`; `F::LeakyRelu::new().slope(0.3).call(x)` has another slope.
macro_rules! settings {
    (
        $(#[$doc:meta])*
        $name:ident ( $($required:ident : $required_type:ty),* ) { $($fields:tt)* }
    ) => {
        settings! { @fields [$(#[$doc])*] $name ($($required: $required_type),*) [] [] $($fields)* }
    };
    // Collects the fields and the methods one by one.
    (@fields $docs:tt $name:ident $required:tt [$($done:tt)*] [$($methods:tt)*]
        $(#[$doc:meta])* $field:ident : into $type:ty = $default:expr, $($rest:tt)*
    ) => {
        settings! { @fields $docs $name $required [$($done)* ($field: $type = $default)]
            [$($methods)* { $(#[$doc])* $field: impl Into<$type> => $field.into() }] $($rest)* }
    };
    (@fields $docs:tt $name:ident $required:tt [$($done:tt)*] [$($methods:tt)*]
        $(#[$doc:meta])* $field:ident : $type:ty = $default:expr, $($rest:tt)*
    ) => {
        settings! { @fields $docs $name $required [$($done)* ($field: $type = $default)]
            [$($methods)* { $(#[$doc])* $field: $type => $field }] $($rest)* }
    };
    (@fields [$($docs:tt)*] $name:ident ($($required:ident : $required_type:ty),*)
        [$(($field:ident : $type:ty = $default:expr))*]
        [$({ $(#[$doc:meta])* $method:ident : $argument:ty => $value:expr })*]
    ) => {
        $($docs)*
        #[derive(Clone, Debug)]
        #[must_use = "the function is applied by `call`"]
        pub struct $name {
            $($required: $required_type,)*
            $($field: $type,)*
        }

        #[allow(clippy::new_without_default)]
        impl $name {
            /// The function with its default settings.
            pub fn new($($required: impl Into<$required_type>),*) -> Self {
                $name { $($required: $required.into(),)* $($field: $default,)* }
            }

            $(
                $(#[$doc])*
                pub fn $method(mut self, $method: $argument) -> Self {
                    self.$method = $value;
                    self
                }
            )*
        }
    };
}
pub(crate) use settings;
